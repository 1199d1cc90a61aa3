import { IconAlertTriangle, IconArrowRight, IconUnlink } from "@tabler/icons-react";
import type { EntityBrief, EntityImpact } from "@/api/types";
import { kindWords, nameOfRef } from "@/components/entity/facts";
import { EntityLink } from "@/components/entity/EntityLink";
import { KindIcon } from "@/components/entity/KindIcon";
import { byOwner, stepsOf } from "@/lib/graph/impact";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { Section } from "@/ui/Section";
import { PartialNotice } from "@/ui/states";
import { nodeName } from "./GraphNodeCard";
import classes from "./ImpactPanel.module.css";
import { strings } from "./strings";

type AffectedEntity = EntityImpact["affected"][number];

/** Who has to know before the entity goes: what breaks or loses something, by owner, each with the reason. */
export function ImpactPanel({ impact }: { impact: EntityImpact }) {
  const names = new Map([impact.entity, ...impact.affected, ...impact.goes].map((item) => [item.ref, nodeName(item)]));
  const breaks = impact.affected.filter(({ effect }) => effect === "breaks").length;
  return (
    <div className={classes.panel}>
      <div>
        <h2 className={classes.title}>{strings.impactTitle(nodeName(impact.entity))}</h2>
        <p role="status" className={classes.summary}>
          {impact.affected.length === 0 ? strings.impactNone : `${strings.impactCount(breaks, impact.affected.length - breaks)}: ${strings.impactDirect(impact.direct, impact.indirect)}.`}
        </p>
      </div>
      {impact.truncated && <PartialNotice>{strings.impactCut}</PartialNotice>}
      {byOwner(impact.affected).map(({ owner, affected }) => (
        <section key={owner ?? ""} aria-label={owner === undefined ? strings.noOwner : nameOfRef(owner)} className={classes.owner}>
          <h3 className={classes.head}>
            {owner === undefined ? strings.noOwner : <EntityLink entityRef={owner} />}
            <span className={classes.count}>{affected.length}</span>
          </h3>
          <ul className={classes.list}>
            {affected.map((item) => (
              <Affected key={item.ref} item={item} start={impact.entity.ref} names={names} />
            ))}
          </ul>
        </section>
      ))}
      {impact.goes.length > 0 && <Goes goes={impact.goes} />}
    </div>
  );
}

function Affected({ item, start, names }: { item: AffectedEntity; start: string; names: ReadonlyMap<string, string> }) {
  const steps = stepsOf(start, item.path);
  const Mark = item.effect === "breaks" ? IconAlertTriangle : IconUnlink;
  return (
    <li>
      <span className={classes.line}>
        <AppLink target={paths.entity(item.ref)} className={classes.link} title={item.ref}>
          <KindIcon kind={item.kind} label={kindWords(item.kind).one} />
          {nodeName(item)}
        </AppLink>
        <span className={classes.effect} data-effect={item.effect}>
          <Mark size={13} aria-hidden="true" />
          {strings[item.effect]}
        </span>
      </span>
      {steps.length > 2 && (
        <span className={classes.why}>
          {steps.map((ref, index) => (
            <span key={ref} className={classes.step}>
              {index > 0 && <IconArrowRight size={11} role="img" aria-label={strings.then} />}
              {names.get(ref) ?? nameOfRef(ref)}
            </span>
          ))}
        </span>
      )}
    </li>
  );
}

function Goes({ goes }: { goes: readonly EntityBrief[] }) {
  return (
    <Section title={strings.goesAlong} count={goes.length}>
      <p className={classes.summary}>{strings.goesAlongBody}</p>
      <ul className={classes.list}>
        {goes.map((item) => (
          <li key={item.ref}>
            <AppLink target={paths.entity(item.ref)} className={classes.link} title={item.ref}>
              <KindIcon kind={item.kind} label={kindWords(item.kind).one} />
              {nodeName(item)}
            </AppLink>
          </li>
        ))}
      </ul>
    </Section>
  );
}
