"""The operator's rules that configs of jobs are held against."""

from dataclasses import dataclass, field

from app.domain.containers import ContainerRules
from app.domain.outbound import OutboundPolicy
from app.domain.programs import ProgramRules


@dataclass(frozen=True, slots=True)
class Rules:
    """What jobs may reach, by kind of reach."""

    outbound: OutboundPolicy = field(default_factory=OutboundPolicy)
    containers: ContainerRules = field(default_factory=ContainerRules)
    programs: ProgramRules = field(default_factory=ProgramRules)
