import type { CatalogProblem } from "@/api/types";
import { EntityLink } from "@/components/entity/EntityLink";
import { nameOfRef } from "@/components/entity/facts";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { StatusBadge } from "@/ui/StatusBadge";
import classes from "./ProblemLines.module.css";
import { problemMessage, problemWords } from "./words";

/** A few problems, one line and one verb each. */
export function ProblemLines({ items }: { items: readonly CatalogProblem[] }) {
  return (
    <ul>
      {items.map((problem, index) => {
        const { title, verb } = problemWords[problem.type];
        return (
          <li key={index} className={classes.line}>
            <StatusBadge status={problem.level} label={title} />
            <EntityLink entityRef={problem.entityRef} strong />
            <span className={classes.message} title={problemMessage(problem)}>
              {problemMessage(problem)}
            </span>
            <AppLink target={paths.entity(problem.entityRef)} className={classes.verb} aria-label={`${verb}: ${nameOfRef(problem.entityRef)}`}>
              {verb}
            </AppLink>
          </li>
        );
      })}
    </ul>
  );
}
