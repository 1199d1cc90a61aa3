import type { LocationProblem } from "@/api/types";
import type { Entity } from "@/api/types";
import { EntityLink } from "@/components/entity/EntityLink";
import { displayName, kindWords, specText } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import { shortRef } from "@/lib/entity-ref";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { Section } from "@/ui/Section";
import { StatusBadge, type Status } from "@/ui/StatusBadge";
import { standingOf, type FoundEntity } from "./descriptor";
import classes from "./Findings.module.css";
import { strings } from "./strings";

interface FoundProps {
  origin: string;
  found: readonly FoundEntity[];
  /** What the catalog holds of them, in their order; undefined while that is not known. */
  present: readonly (Entity | null)[] | undefined;
  registered: boolean;
}

/** The entities of a descriptor, and where each of them stands. */
export function Found({ origin, found, present, registered }: FoundProps) {
  return (
    <Section title={strings.describes} count={found.length}>
      <ul className={classes.list}>
        {found.map(({ entity, ref, problems }, index) => (
          <FoundRow key={ref} entity={entity} entityRef={ref} problems={problems} present={present?.[index]} origin={origin} registered={registered} />
        ))}
      </ul>
      {found.some(({ entity }) => entity.kind.toLowerCase() === "location") && <p className={classes.note}>{strings.leadsOn}</p>}
    </Section>
  );
}

interface RowProps {
  entity: Entity;
  entityRef: string;
  problems: readonly LocationProblem[];
  present: Entity | null | undefined;
  origin: string;
  registered: boolean;
}

function FoundRow({ entity, entityRef, problems, present, origin, registered }: RowProps) {
  const { one } = kindWords(entity.kind);
  const owner = specText(entity, "owner");
  const { description } = entity.metadata;
  return (
    <li className={classes.row}>
      <KindIcon kind={entity.kind} size={18} />
      <div className={classes.what}>
        <p className={classes.name}>{present ? <AppLink target={paths.entity(entityRef)}>{displayName(entity)}</AppLink> : displayName(entity)}</p>
        <p className={classes.facts}>
          <span>{one}</span>
          <code>{shortRef(entityRef)}</code>
          {owner !== undefined && (
            <span className={classes.owner}>
              {strings.owner} <EntityLink entityRef={ownerRef(owner)} icon={false} />
            </span>
          )}
        </p>
        {description !== undefined && <p className={classes.description}>{description}</p>}
        {problems.map((problem, index) => (
          <Problem key={index} problem={problem} />
        ))}
      </div>
      {present !== undefined && <span className={classes.mark}>{mark(present, origin, registered)}</span>}
    </li>
  );
}

/** An owner is a group when its kind is left out. */
const ownerRef = (owner: string) => (owner.includes(":") ? owner : `group:${owner.includes("/") ? "" : "default/"}${owner}`).toLowerCase();

function mark(present: Entity | null, origin: string, registered: boolean) {
  const marks: Record<ReturnType<typeof standingOf>, [Status, string]> = {
    absent: registered ? ["running", strings.isComing] : ["neutral", strings.isNew],
    here: ["ok", registered ? strings.isIn : strings.isHere],
    elsewhere: ["warning", strings.isElsewhere],
  };
  const [status, label] = marks[standingOf(present, origin)];
  return <StatusBadge status={status} label={label} />;
}

function Problem({ problem }: { problem: LocationProblem }) {
  return (
    <p className={classes.problem}>
      <StatusBadge status={problem.warning ? "warning" : "error"} label={problem.line > 0 ? `${strings.document(problem.line)}: ${problem.message}` : problem.message} />
    </p>
  );
}

/** The documents that are no entities, with what is wrong with each. */
export function LeftOut({ problems, only }: { problems: readonly LocationProblem[]; only: boolean }) {
  return (
    <Section title={strings.leftOut} count={problems.length}>
      <p className={classes.note}>{only ? strings.leftOutOnly : strings.leftOutBody}</p>
      <ul className={classes.list}>
        {problems.map((problem, index) => (
          <li key={index} className={classes.problem}>
            {problem.entityRef !== "" && <code>{problem.entityRef}</code>}
            <StatusBadge status={problem.warning ? "warning" : "error"} label={`${strings.document(problem.line)}: ${problem.message}`} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
