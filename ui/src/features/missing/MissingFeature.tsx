import { Button } from "@mantine/core";
import { IconPuzzle } from "@tabler/icons-react";
import { usePlugins, type Feature } from "@/components/navigation";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { EmptyState } from "@/ui/states";
import { DetailTemplate } from "@/ui/templates";
import { strings } from "./strings";

/** Where a link from a README leads while the plugin behind it is absent: says what would be here and who brings it. */
export function MissingFeature({ title, body, plugin }: { title: string; body: string; plugin: Feature }) {
  const { installed } = usePlugins();
  return (
    <DetailTemplate title={title}>
      <EmptyState
        icon={IconPuzzle}
        title={strings.notInstalled}
        action={
          <Button variant="default" renderRoot={(props) => <AppLink {...props} target={paths.plugins()} />}>
            {strings.seePlugins}
          </Button>
        }
      >
        <p>{body}</p>
        <p>{installed(plugin) ? strings.running(plugin) : strings.broughtBy(plugin)}</p>
      </EmptyState>
    </DetailTemplate>
  );
}
