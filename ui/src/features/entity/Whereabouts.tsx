import { IconExternalLink } from "@tabler/icons-react";
import type { Entity } from "@/api/types";
import { isSafeExternalUrl } from "@/lib/paths";
import { CopyText } from "@/ui/Copy";
import { Facts, Section } from "@/ui/Section";
import { annotationUrl, locationTarget } from "./source";
import { strings } from "./strings";
import classes from "./Whereabouts.module.css";

/** Whether there is anything to say about where it is. */
export function hasWhereabouts({ metadata }: Entity): boolean {
  return [metadata.links ?? [], Object.keys(metadata.labels ?? {}), Object.keys(metadata.annotations ?? {})].some((list) => list.length > 0);
}

/** Where everything is: links, the source, the location, and the raw labels and annotations. */
export function Whereabouts({ entity }: { entity: Entity }) {
  const links = (entity.metadata.links ?? []).filter((link) => isSafeExternalUrl(link.url));
  const source = annotationUrl(entity, "backstage.io/source-location") ?? annotationUrl(entity, "backstage.io/view-url");
  const location = locationTarget(entity.metadata.annotations?.["backstage.io/managed-by-location"]);
  const where = [
    ...(source === undefined ? [] : [{ label: strings.source, value: <External href={source} text={withoutScheme(source)} /> }]),
    ...(location === undefined ? [] : [{ label: strings.location, value: <CopyText value={location.target} /> }]),
  ];
  return (
    <>
      {links.length > 0 && (
        <Section title={strings.links}>
          <ul className={classes.links}>
            {links.map((link) => (
              <li key={link.url}>
                <External href={link.url} text={link.title ?? withoutScheme(link.url)} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      {where.length > 0 && (
        <Section title={strings.where}>
          <Facts items={where} />
        </Section>
      )}
      <Raw title={strings.labels} values={entity.metadata.labels ?? {}} />
      <Raw title={strings.annotations} values={entity.metadata.annotations ?? {}} />
    </>
  );
}

function External({ href, text }: { href: string; text: string }) {
  return (
    <a href={href} rel="noreferrer" className={classes.external}>
      <IconExternalLink size={14} aria-hidden="true" />
      <span>{text}</span>
    </a>
  );
}

function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//, "").replace(/\/$/, "");
}

function Raw({ title, values }: { title: string; values: Record<string, string> }) {
  const entries = Object.entries(values);
  if (entries.length === 0) return null;
  return (
    <details className={classes.raw}>
      <summary>
        {title} <span className={classes.faint}>{entries.length}</span>
      </summary>
      <dl>
        {entries.map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
