import { Button } from "@mantine/core";
import { IconMapOff, IconRefresh, IconRocket } from "@tabler/icons-react";
import { useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { paths } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { EmptyState, ErrorState } from "@/ui/states";
import { DetailTemplate } from "@/ui/templates";
import classes from "./errors.module.css";
import { strings } from "./strings";

/** What a browser says when a chunk of the version that it runs is gone from the server. */
export function isMissingChunk(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|module script failed|Failed to load module|error loading dynamically|Unable to preload/i.test(error.message);
}

/** In the place of a page that could not be shown. The shell around it keeps working. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  if (isMissingChunk(error)) {
    return (
      <DetailTemplate title={strings.newVersionTitle}>
        <EmptyState
          icon={IconRocket}
          title={strings.newVersionTitle}
          action={
            <Button leftSection={<IconRefresh size={15} />} onClick={() => window.location.reload()}>
              {strings.reload}
            </Button>
          }
        >
          {strings.newVersionBody}
        </EmptyState>
      </DetailTemplate>
    );
  }
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <DetailTemplate title={strings.crashTitle}>
      <p className={classes.text}>{strings.crashBody}</p>
      <ErrorState error={error} title={strings.crashTitle} onRetry={retry} />
    </DetailTemplate>
  );
}

/** For an address that names nothing. */
export function NotFoundPage() {
  return (
    <DetailTemplate title={strings.notFoundTitle}>
      <EmptyState
        icon={IconMapOff}
        title={strings.notFoundHere}
        action={
          <>
            <Button variant="default" renderRoot={(props) => <AppLink {...props} target={paths.catalog({ query: "" })} />}>
              {strings.toCatalog}
            </Button>
            <Button variant="subtle" renderRoot={(props) => <AppLink {...props} target={paths.home()} />}>
              {strings.toHome}
            </Button>
          </>
        }
      >
        {strings.notFoundBody}
      </EmptyState>
    </DetailTemplate>
  );
}
