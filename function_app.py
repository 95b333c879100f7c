"""The app: its functions live in ``functions/``, one blueprint a concern."""

import azure.functions as func

from functions import exports, operations, reports, subscriptions, webhooks

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
app.register_functions(exports.bp)
app.register_functions(operations.bp)
app.register_functions(reports.bp)
app.register_functions(subscriptions.bp)
app.register_functions(webhooks.bp)
