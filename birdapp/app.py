"""The routes of the main Lambda (docs/contracts.md, "Public API"); chalicelib does the work."""

from chalice.app import Chalice, Response
from chalicelib import http, service

# API Gateway answers 403 to a method that a route does not declare, so each route declares all
# and answers 405 itself.
METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]

app = Chalice(app_name="birdapp", configure_logs=False)
# Lambda starts this file before a request needs it; docs/scaling.md has what that costs.
service.make_clients()


# An empty list of content types: chalicelib answers 415 in the contract's shape, Chalice would not.
@app.route("/classify", methods=METHODS, content_types=[])
def classify() -> Response:
    """Name the birds of one recording."""
    return http.respond(app.current_request, "POST", service.classify)


@app.route("/species", methods=METHODS, content_types=[])
def species() -> Response:
    """List the species of the model that is deployed now."""
    return http.respond(app.current_request, "GET", service.species)
