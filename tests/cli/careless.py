"""`seatwright` whose supervisor keeps the listening socket open while its workers end."""

from uvicorn.supervisors import Multiprocess

from seatwright.cli.main import app
from seatwright.cli.supervisor import Supervisor

Supervisor.terminate_all = Multiprocess.terminate_all  # type: ignore[method-assign]

if __name__ == "__main__":
    app()
