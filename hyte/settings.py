"""All settings, read from the environment.

A missing or bad value stops the start with a message that names it. Nothing is started from here.
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

# Name of each variable without a default, and what it is for. The compose file must pass every one of them.
REQUIRED = {
    "SECRET_KEY": "a random string of at least 50 characters",
    "DATABASE_URL": "postgres://user:password@host:5432/hyte",
    "REDIS_URL": "redis://host:6379/0",
    "SITE_URL": "the address users open, https://hyte.example.fi",
    "DOCUMENTS_ROOT": "an absolute folder for the rendered documents",
    "EMAIL_URL": "smtp+tls://user:password@host:587",
    "DEFAULT_FROM_EMAIL": "the sender of the messages, hyte@example.fi",
}

env = environ.Env()


def required(name: str) -> str:
    """Return the variable's value, or refuse to start with a message that names it."""
    value: str = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is missing. Set it to {REQUIRED[name]}.")
    return value


def refuse(name: str, why: str) -> ImproperlyConfigured:
    """Return the error for a value that is there but cannot be used."""
    return ImproperlyConfigured(f"{name} cannot be used: {why}. Set it to {REQUIRED.get(name, 'a valid value')}.")


def boolean(name: str, *, default: bool) -> bool:
    """Return a yes-or-no variable; anything but a clear yes or no is refused."""
    raw = env.str(name, default="").strip().lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise refuse(name, f"{raw!r} is neither true nor false")


def integer(name: str, *, default: int, least: int) -> int:
    """Return a whole number of at least `least`."""
    raw = env.str(name, default="").strip()
    if not raw:
        return default
    if not raw.isdigit() or int(raw) < least:
        raise refuse(name, f"{raw!r} is not a whole number of at least {least}")
    return int(raw)


def source_of_figures(name: str) -> str:
    """Return an address that figures are fetched from, "" where none is given; only https will do."""
    url: str = env.str(name, default="").strip().rstrip("/")
    if url and (urlsplit(url).scheme != "https" or not urlsplit(url).hostname):
        raise refuse(name, f"{url!r} is not https://host/path")
    return url


# --- The installation -------------------------------------------------------------------------------------

DEBUG = boolean("DEBUG", default=False)
SECRET_KEY = required("SECRET_KEY")
if len(SECRET_KEY) < 50:
    raise refuse("SECRET_KEY", "it is shorter than 50 characters")

SITE_URL = required("SITE_URL").rstrip("/")
_site = urlsplit(SITE_URL)
if _site.scheme not in {"http", "https"} or not _site.hostname or _site.path:
    raise refuse("SITE_URL", f"{SITE_URL!r} is not http(s)://host[:port]")
LOOPBACK = {"localhost", "127.0.0.1", "::1", "testserver"}
HTTPS = _site.scheme == "https"
if not HTTPS and not DEBUG and _site.hostname not in LOOPBACK:
    raise refuse("SITE_URL", "only a loopback address may be without https")
ALLOWED_HOSTS = [
    _site.hostname,
    *(sorted(LOOPBACK) if _site.hostname in LOOPBACK else []),
]
CSRF_TRUSTED_ORIGINS = [SITE_URL]

DOCUMENTS_ROOT = Path(required("DOCUMENTS_ROOT"))
if not DOCUMENTS_ROOT.is_absolute():
    raise refuse("DOCUMENTS_ROOT", f"{str(DOCUMENTS_ROOT)!r} is not an absolute path")

# --- Databases ----------------------------------------------------------------------------------------------

_database_url = required("DATABASE_URL")
try:
    _database = env.db_url_config(_database_url)
except (ValueError, KeyError, ImproperlyConfigured) as error:
    raise refuse("DATABASE_URL", str(error)) from error
if _database.get("ENGINE") != "django.db.backends.postgresql" or not _database.get("NAME"):
    raise refuse("DATABASE_URL", "it does not name a PostgreSQL database")
DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**_database.get("OPTIONS", {}), "connect_timeout": 5},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = required("REDIS_URL")
if urlsplit(REDIS_URL).scheme not in {"redis", "rediss", "unix"}:
    raise refuse("REDIS_URL", f"{urlsplit(REDIS_URL).scheme!r} is not redis, rediss or unix")
CACHES = {
    "default": {
        "BACKEND": "hyte.caching.RedisOrMemory",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "hyte",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}

# --- E-mail -------------------------------------------------------------------------------------------------

_email_url = required("EMAIL_URL")
try:
    _email = env.email_url_config(_email_url)
except (ValueError, KeyError, ImproperlyConfigured) as error:
    raise refuse("EMAIL_URL", str(error)) from error
vars().update(_email)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = required("DEFAULT_FROM_EMAIL")
if "@" not in DEFAULT_FROM_EMAIL:
    raise refuse("DEFAULT_FROM_EMAIL", f"{DEFAULT_FROM_EMAIL!r} is not an e-mail address")

# --- Apps and requests --------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "negotiations",
    "municipalities",
    "indicators",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "hyte.apps.HyteConfig",
    "hyte.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "hyte.headers.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "municipalities.access.OwnLanguageMiddleware",
    "municipalities.access.CountyMiddleware",
]
ROOT_URLCONF = "hyte.urls"
WSGI_APPLICATION = "hyte.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "municipalities.access.county_context",
            ],
        },
    }
]

# --- Sign-in ------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "municipalities.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "municipalities.access.AccountAdapter"
MFA_ADAPTER = "municipalities.access.MFAAdapter"
MFA_TOTP_ISSUER = "Hyte"
# One step before or after: clocks of phones differ.
MFA_TOTP_TOLERANCE = 1
# Addresses are those that an administrator has entered; none waits for being verified.
MFA_ALLOW_UNVERIFIED_EMAIL = True
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Accounts are made by an administrator for an address that is known; nobody signs up.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
# How many proxies of ours stand before the site: so far X-Forwarded-For is believed, so that the limits below count
# each visitor's own address and not that of the proxy, which all share.
ALLAUTH_TRUSTED_PROXY_COUNT = integer("TRUSTED_PROXIES", default=0, least=0)
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "10/m/ip,3/m/key",
}

# --- Security -----------------------------------------------------------------------------------------------

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = HTTPS
# The container's own health check asks over plain http, past the proxy.
SECURE_REDIRECT_EXEMPT = [r"^healthz/$"]
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
BROWSER_FEATURES_OFF = (
    *("accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"),
    *("microphone", "midi", "payment", "screen-wake-lock", "usb", "xr-spatial-tracking"),
)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        # The design system draws its icons from data: addresses in its stylesheet.
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

# --- Languages, times, numbers ------------------------------------------------------------------------------

LANGUAGE_CODE = "fi"
LANGUAGES = [("fi", _("Finnish")), ("sv", _("Swedish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
USE_TZ = True
TIME_ZONE = "Europe/Helsinki"
USE_THOUSAND_SEPARATOR = True

# --- Static files -------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
WHITENOISE_ALLOW_ALL_ORIGINS = False
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "var" / "static")))
_NODE = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    # What npm installs is served from where npm put it; no file of theirs is in the repository.
    ("hds", _NODE / "hds-core" / "lib"),
    ("source-sans-3", _NODE / "@fontsource" / "source-sans-3" / "files"),
]
STATICFILES_FINDERS = ["hyte.static.Served", "hyte.static.ServedOfApps"]
# Of these folders, what pages and papers use; of the others all. To collect everything takes several times as long.
STATICFILES_SERVED = {
    "hds": ("base.min.css", "components/*.min.css"),
    # The Latin letters of the three weights; the .woff of two are what charts measure texts by and carry with them.
    "source-sans-3": ("*-latin-[467]00-*.woff2", "*-latin-ext-[467]00-*.woff2", "*-latin-[46]00-normal.woff"),
    "django_htmx": ("htmx-2*.js", "django-htmx.js"),
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Background work ----------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 50
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 600_000  # kB: a child that has grown past this is replaced after its task
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    # When Redis does not answer, a page does not wait for it: the reaper sends the message later.
    "socket_connect_timeout": 2,
    "connect_retries_timeout": 1,
    "socket_timeout": 15,
}
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "reap-documents": {
        "task": "municipalities.tasks.reap_documents",
        "schedule": 15.0,
        "options": {"expires": 14},
    },
    "purge-downloads": {
        "task": "municipalities.tasks.purge_downloads",
        "schedule": crontab(hour=3, minute=30),
    },
    "purge-contacts": {
        "task": "municipalities.tasks.purge_contacts",
        "schedule": crontab(hour=3, minute=40),
    },
    "send-links-left": {
        "task": "municipalities.tasks.send_links_left",
        "schedule": 300.0,
        "options": {"expires": 299},
    },
    "purge-availability-addresses": {
        "task": "negotiations.planning.tasks.purge_availability_addresses",
        "schedule": crontab(hour=3, minute=45),
    },
    "send-availability-left": {
        "task": "negotiations.planning.tasks.send_availability_left",
        "schedule": 300.0,
        "options": {"expires": 299},
    },
    "purge-minutes-addresses": {
        "task": "negotiations.minutes.tasks.purge_minutes_addresses",
        "schedule": crontab(hour=3, minute=50),
    },
    "purge-unattached-files": {
        "task": "negotiations.minutes.tasks.purge_unattached_files",
        "schedule": crontab(hour=3, minute=55),
    },
    "send-minutes-links-left": {
        "task": "negotiations.minutes.tasks.send_minutes_links_left",
        "schedule": 300.0,
        "options": {"expires": 299},
    },
    "remind-checkers": {
        # In the morning: the letter is on top when one opens one's post.
        "task": "negotiations.minutes.tasks.remind_checkers",
        "schedule": crontab(hour=7, minute=10),
    },
    "mark-silent-checkers": {
        "task": "negotiations.tasks.mark_silent_checkers",
        "schedule": crontab(hour=0, minute=30),
    },
}

# Where figures are fetched from every week; nowhere while they are empty.
SOTKANET_URL = source_of_figures("SOTKANET_URL")
if SOTKANET_URL:
    CELERY_BEAT_SCHEDULE["import-sotkanet"] = {
        "task": "indicators.tasks.import_sotkanet",
        "schedule": crontab(day_of_week="sun", hour=4, minute=10),
        # An hour late is a week late: the next one is soon enough.
        "options": {"expires": 3600},
    }
STATFIN_URL = source_of_figures("STATFIN_URL")
if STATFIN_URL:
    CELERY_BEAT_SCHEDULE["import-statfin"] = {
        "task": "indicators.tasks.import_statfin",
        # Well before the other: one goes on at a time.
        "schedule": crontab(day_of_week="sun", hour=2, minute=10),
        "options": {"expires": 3600},
    }

# --- Logging ------------------------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    raise refuse("LOG_LEVEL", f"{LOG_LEVEL!r} is not a level")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"outage": {"()": "hyte.outage.OneLine"}, "secrets": {"()": "hyte.logs.WithoutSecrets"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "stream": sys.stderr,
            "formatter": "line",
            "filters": ["secrets"],
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # The font and PDF libraries tell every table they drop; only their warnings matter.
    "loggers": {
        **{name: {"level": "WARNING"} for name in ("fontTools", "weasyprint", "pikepdf")},
        "django.request": {"filters": ["outage"]},
    },
}
