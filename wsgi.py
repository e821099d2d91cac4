"""The application for WSGI servers: `gunicorn wsgi:app`. `jobbruecke web` starts one with everything set."""

from portal.app import create_app
from portal.core.log import configure_logs

configure_logs()
app = create_app()
