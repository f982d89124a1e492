"""Who may do what: users, sign-in, sessions, one-time links and keys. It writes its own tables; all else goes
through flow.

Tokens are random; the database keeps their SHA-256 only. What was looked up is remembered for a few seconds per
process, so that a busy page asks the database once; what is revoked is forgotten at once, in other processes as soon
as they hear of it, and within `REMEMBER` whatever happens.
"""

from cicd_health.access.addresses import address_behind, network_of
from cicd_health.access.api_keys import (
    KeyCaller,
    KeyLine,
    NewKey,
    admit_key,
    create_key,
    forget_keys,
    key_caller,
    key_line,
    keys,
    revoke_key,
)
from cicd_health.access.first_admin import ensure_admin
from cicd_health.access.links import INVITE, look_at_link, new_link, new_link_for, set_first_password, use_link
from cicd_health.access.people import (
    Invitation,
    User,
    change_password,
    change_user,
    invite,
    reset_password,
    user,
    users,
)
from cicd_health.access.roles import EVERYTHING, OPERATE, ROLES, SCOPES, SCOPES_OF_ROLE, VISITOR, Person
from cicd_health.access.sessions import (
    COOKIE,
    TOPIC,
    SessionLine,
    admit,
    forget_people,
    may_use,
    revoke_session,
    revoke_sessions,
    session_token,
    sessions_of,
    sign_out,
    who,
)
from cicd_health.access.signing_in import sign_in
from cicd_health.access.single_sign_on import Identity, NotAdmitted, sign_in_as
from cicd_health.access.throttle import TooManyAttempts, forget_attempts
from cicd_health.access.tokens import REMEMBER, fingerprint, several

__all__ = [
    "COOKIE",
    "EVERYTHING",
    "INVITE",
    "OPERATE",
    "REMEMBER",
    "ROLES",
    "SCOPES",
    "SCOPES_OF_ROLE",
    "TOPIC",
    "VISITOR",
    "Identity",
    "Invitation",
    "KeyCaller",
    "KeyLine",
    "NewKey",
    "NotAdmitted",
    "Person",
    "SessionLine",
    "TooManyAttempts",
    "User",
    "address_behind",
    "admit",
    "admit_key",
    "change_password",
    "change_user",
    "create_key",
    "ensure_admin",
    "fingerprint",
    "forget_attempts",
    "forget_keys",
    "forget_people",
    "invite",
    "key_caller",
    "key_line",
    "keys",
    "look_at_link",
    "may_use",
    "network_of",
    "new_link",
    "new_link_for",
    "reset_password",
    "revoke_key",
    "revoke_session",
    "revoke_sessions",
    "session_token",
    "sessions_of",
    "set_first_password",
    "several",
    "sign_in",
    "sign_in_as",
    "sign_out",
    "use_link",
    "user",
    "users",
    "who",
]
