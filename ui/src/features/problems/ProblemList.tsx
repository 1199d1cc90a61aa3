import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { briefQuery } from "@/api/queries";
import type { CatalogProblem } from "@/api/types";
import { EntityLink } from "@/components/entity/EntityLink";
import { displayName, nameOfRef } from "@/components/entity/facts";
import { placeOf } from "@/components/problem/place";
import { problemMessage, problemWords } from "@/components/problem/words";
import { CopyText } from "@/ui/Copy";
import { StatusBadge } from "@/ui/StatusBadge";
import { useRowKeys } from "@/ui/table/use-row-keys";
import classes from "./ProblemList.module.css";
import { strings } from "./strings";
import { byOwner } from "./view";

/** Problems under their owners. j and k go from one to the next. */
export function ProblemList({ items, stale }: { items: readonly CatalogProblem[]; stale: boolean }) {
  const root = useRowKeys({});
  return (
    <div ref={root} className={classes.root} data-stale={stale} aria-busy={stale}>
      {byOwner(items).map(({ owner, items: own }) => (
        <OwnerGroup key={owner ?? ""} owner={owner} items={own} />
      ))}
    </div>
  );
}

function OwnerGroup({ owner, items }: { owner: string | undefined; items: readonly CatalogProblem[] }) {
  const id = useId();
  const { data: entity } = useQuery({ ...briefQuery(owner ?? ""), enabled: owner !== undefined });
  const name = owner === undefined ? strings.noOwner : entity ? displayName(entity) : nameOfRef(owner);
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className={classes.owner} aria-label={owner === undefined ? strings.noOwner : strings.ownedBy(name)}>
        {owner === undefined ? strings.noOwner : <EntityLink entityRef={owner} />}
      </h2>
      <ul>
        {items.map((problem, index) => (
          <Row key={index} problem={problem} id={`${problem.entityRef}#${index}`} />
        ))}
      </ul>
    </section>
  );
}

function Row({ problem, id }: { problem: CatalogProblem; id: string }) {
  const { title, mend } = problemWords[problem.type];
  const place = placeOf(problem.location, problem.line);
  return (
    <li className={classes.row} data-row-id={id}>
      <div className={classes.what}>
        <StatusBadge status={problem.level} label={title} />
        <EntityLink entityRef={problem.entityRef} strong rowLink />
      </div>
      <p className={classes.message}>{problemMessage(problem)}</p>
      {place && (
        <p className={classes.place}>
          <span className={classes.hidden}>{strings.where}</span>
          {place.href === undefined ? (
            <CopyText value={place.text} />
          ) : (
            <a href={place.href} rel="noreferrer">
              {place.text}
            </a>
          )}
        </p>
      )}
      <p className={classes.mend}>{mend}</p>
    </li>
  );
}
