import { ActionIcon, Button, Popover, TextInput } from "@mantine/core";
import { IconBookmarkPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { paths, type CatalogView } from "@/lib/paths";
import { formatQuery, parseQuery } from "@/lib/query/grammar";
import { setValue, singleKind } from "@/lib/query/facets";
import { AppLink } from "@/ui/AppLink";
import { useToast } from "@/ui/toast";
import { removeView, saveView, useSavedViews, type SavedView } from "./saved-views";
import classes from "./SavedViews.module.css";
import { strings } from "./strings";

/** Named queries as chips: those that everybody needs, then the person's own. */
export function SavedViews({ view }: { view: CatalogView & { query: string } }) {
  const own = useSavedViews();
  const toast = useToast();
  const kind = singleKind(parseQuery(view.query).terms);
  const base = kind === undefined ? "" : formatQuery(setValue([], "kind", kind));
  const builtIn: SavedView[] = [
    { name: strings.viewMine, query: `${base} owner:me`.trim() },
    { name: strings.viewNoOwner, query: `${base} -owner:*`.trim() },
    { name: strings.viewOrphans, query: "is:orphan" },
  ];
  const remove = (name: string) => toast({ text: strings.viewRemoved(name), undo: removeView(name) });
  const current = (candidate: SavedView) => (candidate.query === view.query ? "page" : undefined);

  return (
    <nav aria-label={strings.views} className={classes.root}>
      {builtIn.map((candidate) => (
        <AppLink key={candidate.name} target={paths.catalog(candidate)} className={classes.chip} aria-current={current(candidate)}>
          {candidate.name}
        </AppLink>
      ))}
      {own.map((candidate) => (
        <span key={candidate.name} className={classes.own}>
          <AppLink target={paths.catalog(candidate)} className={classes.chip} aria-current={current(candidate)}>
            {candidate.name}
          </AppLink>
          <ActionIcon size={20} aria-label={strings.removeView(candidate.name)} onClick={() => remove(candidate.name)}>
            <IconX size={12} />
          </ActionIcon>
        </span>
      ))}
      <SaveView view={view} />
    </nav>
  );
}

function SaveView({ view }: { view: CatalogView & { query: string } }) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const close = () => {
    setOpen(false);
    setName("");
  };
  return (
    <Popover opened={open} onDismiss={close} position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <Button variant="subtle" color="gray" size="compact-sm" leftSection={<IconBookmarkPlus size={15} />} onClick={() => setOpen(!open)}>
          {strings.saveView}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={strings.saveView}>
        <form
          className={classes.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() === "") return;
            saveView({ name: name.trim(), query: view.query, ...(view.sort !== undefined && { sort: view.sort }) });
            close();
          }}
        >
          <TextInput label={strings.viewName} value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus maxLength={40} />
          <Button type="submit">{strings.save}</Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
