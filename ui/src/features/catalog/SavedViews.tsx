import { ActionIcon, Button, Menu, Popover, TextInput } from "@mantine/core";
import { IconBookmarkPlus, IconDots, IconLink, IconPencil, IconTrash } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import type { SavedView } from "@/components/saved-views";
import { hrefOf, paths, type CatalogView } from "@/lib/paths";
import { formatQuery, parseQuery } from "@/lib/query/grammar";
import { setValue, singleKind } from "@/lib/query/facets";
import { AppLink } from "@/ui/AppLink";
import { useToast } from "@/ui/toast";
import { useSavedViews } from "./saved-views";
import classes from "./SavedViews.module.css";
import { strings } from "./strings";

/** Named queries as chips: those that everybody needs, then the person's own. A view that is saved keeps its order and the columns that were chosen. */
export function SavedViews({ view }: { view: CatalogView & { query: string } }) {
  const own = useSavedViews();
  const kind = singleKind(parseQuery(view.query).terms);
  const base = kind === undefined ? "" : formatQuery(setValue([], "kind", kind));
  const builtIn: SavedView[] = [
    { name: strings.viewMine, query: `${base} owner:me`.trim() },
    { name: strings.viewStarred, query: "is:starred" },
    { name: strings.viewNoOwner, query: `${base} -owner:*`.trim() },
    { name: strings.viewOrphans, query: "is:orphan" },
  ];
  const current = (candidate: SavedView) => (candidate.query === view.query ? "page" : undefined);

  return (
    <nav aria-label={strings.views} className={classes.root}>
      {builtIn.map((candidate) => (
        <AppLink key={candidate.name} target={paths.catalog(candidate)} className={classes.chip} aria-current={current(candidate)}>
          {candidate.name}
        </AppLink>
      ))}
      <AppLink target={paths.changes()} className={classes.chip}>
        {strings.changes}
      </AppLink>
      <AppLink target={paths.problems()} className={classes.chip}>
        {strings.viewProblems}
      </AppLink>
      {own.views.map((candidate, at) => (
        <span key={candidate.name} className={classes.own}>
          <AppLink target={paths.catalog(candidate)} className={classes.chip} aria-current={current(candidate)}>
            {candidate.name}
          </AppLink>
          <ViewMenu view={candidate} at={at} own={own} />
        </span>
      ))}
      <NamePopover
        title={strings.saveView}
        verb={strings.save}
        initial=""
        taken={(name) => (own.views.some((known) => known.name === name) ? strings.viewReplaces(name) : undefined)}
        onName={(name) => own.save({ name, query: view.query, ...(view.sort !== undefined && { sort: view.sort }), ...(view.columns !== undefined && { columns: view.columns }) })}
        button={(open) => (
          <Button variant="subtle" color="gray" size="compact-sm" leftSection={<IconBookmarkPlus size={15} />} onClick={open}>
            {strings.saveView}
          </Button>
        )}
      />
    </nav>
  );
}

function ViewMenu({ view, at, own }: { view: SavedView; at: number; own: ReturnType<typeof useSavedViews> }) {
  const toast = useToast();
  const [renaming, setRenaming] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(new URL(hrefOf(paths.catalog(view)), window.location.origin).href);
    toast({ text: strings.viewLinkCopied(view.name) });
  };
  const remove = () => {
    own.remove(view.name);
    toast({ text: strings.viewRemoved(view.name), undo: () => own.restore(view, at) });
  };
  const rename = (to: string) => {
    own.rename(view.name, to);
    toast({ text: strings.viewRenamed(view.name, to), undo: () => own.rename(to, view.name) });
  };
  return (
    <NamePopover
      title={strings.renameView(view.name)}
      verb={strings.rename}
      initial={view.name}
      opened={renaming}
      onClose={() => setRenaming(false)}
      onName={(name) => name !== view.name && rename(name)}
      button={() => (
        <span>
          <Menu position="bottom-start">
            <Menu.Target>
              <ActionIcon size={24} aria-label={strings.viewMenu(view.name)}>
                <IconDots size={14} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconLink size={15} />} onClick={() => void copy()}>
                {strings.copyViewLink}
              </Menu.Item>
              <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => setRenaming(true)}>
                {strings.rename}
              </Menu.Item>
              <Menu.Item leftSection={<IconTrash size={15} />} onClick={remove}>
                {strings.remove}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </span>
      )}
    />
  );
}

interface NamePopoverProps {
  title: string;
  verb: string;
  initial: string;
  /** What to say about a name that is there already. */
  taken?: (name: string) => string | undefined;
  onName: (name: string) => void;
  button: (toggle: () => void) => ReactNode;
  /** Opened by somebody else, who hears when it closes. */
  opened?: boolean;
  onClose?: () => void;
}

/** Asks for a name beside the button that wants one. */
function NamePopover({ title, verb, initial, taken, onName, button, opened, onClose }: NamePopoverProps) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState<string>();
  const name = (typed ?? initial).trim();
  const close = () => {
    setOpen(false);
    setTyped(undefined);
    onClose?.();
  };
  return (
    <Popover opened={opened ?? open} onDismiss={close} position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>{button(() => setOpen(!open))}</Popover.Target>
      <Popover.Dropdown aria-label={title}>
        <form
          className={classes.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (name === "") return;
            onName(name);
            close();
          }}
        >
          <TextInput label={strings.viewName} description={taken?.(name)} value={typed ?? initial} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus maxLength={40} />
          <Button type="submit">{verb}</Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
