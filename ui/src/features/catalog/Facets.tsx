import { keepPreviousData, useQueries } from "@tanstack/react-query";
import type { ModelField } from "@/api/types";
import { kindWords } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import { FacetList, type FacetValue } from "@/components/query/FacetList";
import { paths, type CatalogView } from "@/lib/paths";
import { canonicalValue, selectedValues, setValue, singleKind, toggleValue, writtenValue } from "@/lib/query/facets";
import { formatQuery, type Term } from "@/lib/query/grammar";
import { pathOf, type QueryContext } from "@/lib/query/predicate";
import { formatCount } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { PartialNotice } from "@/ui/states";
import classes from "./Facets.module.css";
import { areFew, ownFacet, type OwnFacet } from "./own-facets";
import { FACET_KEYS, facetRequests, facetsQuery } from "./queries";
import { strings } from "./strings";

const TITLES: Record<string, string> = { owner: strings.owner, type: strings.type, lifecycle: strings.lifecycle, system: strings.system, tag: strings.tag };

/** The counted values of every facet for this query, and the facets of the kind's own fields that have few enough. Undefined for a facet that has not arrived. */
export function useFacets(terms: readonly Term[], context: QueryContext, fields: readonly ModelField[]): { values: Partial<Record<string, FacetValue[]>>; own: OwnFacet[]; failed: boolean } {
  const offered = fields.flatMap((field) => ownFacet(field) ?? []).slice(0, MOST_OWN);
  const labels = new Map(offered.map((facet) => [facet.key, facet.labelOf]));
  const labelOf = (key: string, value: string) => labels.get(key)?.(value) ?? coreLabel(key, value);
  const requests = facetRequests(terms, [...labels.keys()]);
  const results = useQueries({ queries: requests.map((request) => ({ ...facetsQuery(request.keys, request.terms, context), placeholderData: keepPreviousData })) });
  const values: Partial<Record<string, FacetValue[]>> = {};
  requests.forEach(({ keys }, index) => {
    const facets = results[index]?.data?.facets;
    if (!facets) return;
    for (const key of keys) {
      const counted = (facets[pathOf(key)] ?? []).map(({ value, count }) => ({ value, label: labelOf(key, value), count }));
      const relevant = key === "system" ? counted.filter(({ value }) => value.startsWith("system:")) : counted;
      const known = new Set(relevant.map(({ value }) => canonicalValue(key, value)));
      const missing = [...selectedValues(terms, key)].filter((value) => !known.has(value)).map((value) => ({ value, label: labelOf(key, value), count: 0 }));
      values[key] = [...relevant, ...missing];
    }
  });
  const own = offered.filter(({ key }) => selectedValues(terms, key).size > 0 || areFew(values[key] ?? []));
  return { values, own, failed: results.some((result) => result.isError) };
}

function coreLabel(key: string, value: string): string {
  return key === "kind" ? kindWords(value).many : writtenValue(key, value);
}

interface FacetsProps {
  view: CatalogView;
  terms: readonly Term[];
  facets: ReturnType<typeof useFacets>;
  onTerms: (terms: Term[]) => void;
}

/** How many facets a kind may add: the rail is to be seen at a glance. */
const MOST_OWN = 8;

/** Kinds as links, since one looks at one kind at a time; the other facets as check boxes. */
export function Facets({ view, terms, facets, onTerms }: FacetsProps) {
  const current = singleKind(terms);
  const kindTarget = (kind: string | undefined) => paths.catalog({ ...(view.sort !== undefined && { sort: view.sort }), query: formatQuery(setValue(terms, "kind", kind)) });
  const kinds = [...(facets.values.kind ?? [])].sort((a, b) => a.label.localeCompare(b.label));
  const total = kinds.reduce((sum, kind) => sum + kind.count, 0);
  return (
    <section aria-label={strings.facets}>
      <nav aria-label={strings.kind} className={classes.kinds}>
        {kinds.map((kind) => (
          <AppLink key={kind.value} target={kindTarget(kind.value.toLowerCase())} className={classes.kind} aria-current={current === kind.value.toLowerCase() ? "page" : undefined}>
            <KindIcon kind={kind.value} />
            <span className={classes.label}>{kind.label}</span>
            <span className={classes.count}>{formatCount(kind.count)}</span>
          </AppLink>
        ))}
        {kinds.length > 0 && (
          <AppLink target={kindTarget(undefined)} className={classes.kind} aria-current={selectedValues(terms, "kind").size === 0 ? "page" : undefined}>
            <KindIcon kind="any" />
            <span className={classes.label}>{strings.everything}</span>
            <span className={classes.count}>{formatCount(total)}</span>
          </AppLink>
        )}
      </nav>
      {facets.failed && <PartialNotice>{strings.facetsFailed}</PartialNotice>}
      {[...FACET_KEYS.map((key) => ({ key, title: TITLES[key] })), ...facets.own].map(({ key, title }) => {
        if (title === undefined) return null;
        return (
          <FacetList
            key={key}
            title={title}
            values={facets.values[key] ?? []}
            selected={selectedValues(terms, key)}
            onToggle={(value) => onTerms(toggleValue(terms, key, value))}
            moreLabel={strings.more}
            lessLabel={strings.less}
          />
        );
      })}
    </section>
  );
}
