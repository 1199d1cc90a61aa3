import { ActionIcon, Menu } from "@mantine/core";
import { IconCode, IconDots, IconEdit, IconExternalLink, IconRefresh, IconUnlink } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import type { Entity } from "@/api/types";
import { useCan } from "@/components/can";
import { displayName } from "@/components/entity/facts";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { useRefresh } from "./queries";
import { annotationUrl } from "./source";
import { strings } from "./strings";

const UnregisterDialog = lazy(() => import("./UnregisterDialog"));

/** What can be done to an entity beside reading it. */
export function EntityMenu({ entity, entityRef }: { entity: Entity; entityRef: string }) {
  const [mayRefresh, mayUnregister] = useCan(["catalog.entity.refresh", "catalog.location.delete"]);
  const [dialog, setDialog] = useState<"closed" | "open" | "shut">("closed");
  const refresh = useRefresh(entityRef, displayName(entity));
  const view = annotationUrl(entity, "backstage.io/view-url");
  const edit = annotationUrl(entity, "backstage.io/edit-url");
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label={strings.menu}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconCode size={15} />} renderRoot={(props) => <AppLink {...props} target={paths.entity(entityRef, "inspect")} />}>
            {strings.inspect}
          </Menu.Item>
          {view !== undefined && (
            <Menu.Item leftSection={<IconExternalLink size={15} />} component="a" href={view} rel="noreferrer">
              {strings.viewSource}
            </Menu.Item>
          )}
          {edit !== undefined && (
            <Menu.Item leftSection={<IconEdit size={15} />} component="a" href={edit} rel="noreferrer">
              {strings.editSource}
            </Menu.Item>
          )}
          {mayRefresh && (
            <Menu.Item leftSection={<IconRefresh size={15} />} disabled={refresh.isPending} onClick={() => refresh.mutate()}>
              {strings.refresh}
            </Menu.Item>
          )}
          {mayUnregister && (
            <Menu.Item leftSection={<IconUnlink size={15} />} color="red" onClick={() => setDialog("open")}>
              {strings.unregister}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {dialog !== "closed" && (
        <Suspense fallback={null}>
          <UnregisterDialog entity={entity} entityRef={entityRef} opened={dialog === "open"} onClose={() => setDialog("shut")} />
        </Suspense>
      )}
    </>
  );
}
