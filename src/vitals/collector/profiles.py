"""Which alarm profile a server goes by."""

from pathlib import Path

from vitals.alarms import profile as profiles
from vitals.alarms.profile import Profile
from vitals.codes import BY_LABEL
from vitals.errors import ConfigurationError
from vitals.registry import Plan


def load_profile(name: str) -> Profile:
    """A built-in profile, or the one in the file of that path.

    Raises:
        ConfigurationError: there is none, or it cannot be used.
    """
    path = Path(name)
    if path.suffix != ".toml" and len(path.parts) == 1:
        return profiles.built_in(name)
    try:
        return profiles.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"profile {path} cannot be read: {error}") from None
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from None


def of_plan(plan: Plan | None, server: Profile) -> Profile:
    """The profile that a plan comes to: its own or the *server*'s, with what it prescribes over it; not scaled.

    Raises:
        ConfigurationError: the plan's limits cannot be used.
    """
    if plan is None or not (plan.profile or plan.limits):
        return server
    watched = [BY_LABEL[label] for label in plan.prescribed]
    return profiles.of_plan(plan.profile, plan.limits, watched, otherwise=server)


def in_force(plan: Plan | None, server: Profile) -> tuple[Profile, str]:
    """The profile in force under a plan, and why it is not the one that the plan comes to; not scaled.

    Where a plan's limits cannot be used the *server*'s are in force; but never for a child, who has what can be used
    of the prescribed ones and nothing else.
    """
    try:
        return of_plan(plan, server), ""
    except ConfigurationError as error:
        if plan is not None and plan.profile == profiles.CHILD:
            return profiles.own(plan.limits), str(error)
        return server, f"the server's limits are in force: {error}"
