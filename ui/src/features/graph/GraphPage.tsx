import { Button } from "@mantine/core";
import { useMemo } from "react";
import { nameOfRef } from "@/components/entity/facts";
import { RelationExplorer } from "@/components/graph/RelationExplorer";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { usePageSearch } from "@/ui/page-route";
import { EmptyState } from "@/ui/states";
import { DetailTemplate } from "@/ui/templates";
import { strings } from "./strings";

const MOST = 20;

/** The graph alone, at an address to send to somebody: ?entity=component:default/a,api:default/b. */
export default function GraphPage() {
  const { entity } = usePageSearch();
  const text = Array.isArray(entity) ? entity.join(",") : (entity ?? "");
  const refs = useMemo(() => [...new Set(text.split(",").map((ref) => ref.trim()).filter((ref) => ref !== ""))].slice(0, MOST), [text]);
  const at = useMemo(() => paths.graph(refs.join(",")), [refs]);
  const crumbs = [{ label: strings.catalog, target: paths.catalog() }];
  const [first] = refs;

  if (first === undefined) {
    return (
      <DetailTemplate title={strings.title} crumbs={crumbs}>
        <EmptyState title={strings.none} action={<Button variant="default" renderRoot={(props) => <AppLink {...props} target={paths.catalog()} />}>{strings.openCatalog}</Button>}>
          <p>{strings.noneBody}</p>
        </EmptyState>
      </DetailTemplate>
    );
  }
  return (
    <DetailTemplate
      title={strings.titleOf(refs.map(nameOfRef).join(", "))}
      crumbs={crumbs}
      {...(refs.length === 1 && { actions: <Button variant="default" renderRoot={(props) => <AppLink {...props} target={paths.entity(first)} />}>{strings.openEntity}</Button> })}
    >
      <RelationExplorer entityRefs={refs} at={at} />
    </DetailTemplate>
  );
}
