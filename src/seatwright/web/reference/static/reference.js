// Draws the reference from this server's own description. Nothing is asked of anybody else's server.
const place = document.getElementById("reference");
const { document: url } = place.dataset;
place.replaceChildren();
Scalar.createApiReference(place, {
  url,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: "never",
  telemetry: false,
  withDefaultFonts: false,
  persistAuth: false,
});
