import { Kbd, Modal, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { BRIEF_FIELDS } from "@/api/batch";
import { briefQuery, entitiesQuery } from "@/api/queries";
import type { Entity } from "@/api/types";
import { useRecent } from "@/components/bookmarks";
import { displayName, kindWords, specText } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import { strings } from "@/components/strings";
import { refOf } from "@/lib/entity-ref";
import { paths, type Target } from "@/lib/paths";
import { TEXT_FIELDS } from "@/lib/query/predicate";
import { formatQuery } from "@/lib/query/grammar";
import { useListbox } from "@/ui/use-listbox";
import { matchActions, useActionList } from "./actions";
import classes from "./CommandPalette.module.css";

interface Option {
  id: string;
  group: string;
  icon: ReactNode;
  title: string;
  detail?: string | undefined;
  keys?: string | undefined;
  run: () => void;
}

const MOST_ENTITIES = 8;

/** Search and commands in one list: best entity first when something is typed, recent things before. */
export default function CommandPalette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const term = typed.trim();
  const go = useGo(onClose);
  const { options, failed } = useOptions(term, go, onClose);
  const listbox = useListbox({ count: options.length, open: true, firstActive: true, onPick: (index) => options[index]?.run(), onClose });

  return (
    <Modal.Root opened onClose={onClose} size={600} yOffset="12vh" transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content aria-label={strings.commandTitle}>
        <Modal.Body p={0}>
      <TextInput
        {...listbox.inputProps}
        data-autofocus
        size="md"
        variant="unstyled"
        classNames={{ wrapper: classes.search ?? "", input: classes.input ?? "" }}
        leftSection={<IconSearch size={17} />}
        aria-label={strings.commandHint}
        placeholder={strings.commandHint}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          listbox.reset();
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") onClose();
          else listbox.inputProps.onKeyDown(event);
        }}
      />
      {failed && <p className={classes.note}>{strings.searchFailed}</p>}
      {options.length === 0 && !failed && (
        <p className={classes.note}>
          {strings.commandEmpty} {strings.commandEmptyHint}
        </p>
      )}
      <ul {...listbox.listProps} aria-label={strings.commandTitle} className={classes.results}>
        {options.map((option, index) => (
          <li
            key={option.id}
            {...listbox.optionProps(index)}
            ref={index === listbox.active ? (element) => element?.scrollIntoView({ block: "nearest" }) : undefined}
            className={classes.option}
            onClick={option.run}
            onMouseMove={() => listbox.activate(index)}
          >
            {options[index - 1]?.group !== option.group && <span className={classes.group}>{option.group}</span>}
            <span className={classes.row}>
              {option.icon}
              <span className={classes.title}>{option.title}</span>
              <span className={classes.detail}>{option.detail}</span>
              {option.keys !== undefined && <Kbd size="xs">{option.keys}</Kbd>}
            </span>
          </li>
        ))}
      </ul>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function useGo(onClose: () => void): (target: Target) => void {
  const navigate = useNavigate();
  return (target) => {
    onClose();
    void navigate({ to: target.to, search: target.search ?? {} });
  };
}

function useOptions(term: string, go: (target: Target) => void, onClose: () => void): { options: Option[]; failed: boolean } {
  const [settled] = useDebouncedValue(term, 120);
  const found = useQuery({
    ...entitiesQuery({ limit: MOST_ENTITIES, fields: BRIEF_FIELDS, fullTextFilter: { term: settled, fields: TEXT_FIELDS } }),
    enabled: settled !== "",
    placeholderData: keepPreviousData,
  });
  const recent = useQueries({ queries: useRecent().slice(0, 5).map(briefQuery) }).flatMap(({ data }) => (data ? [data] : []));

  const entity = (group: string) => (item: Entity): Option => {
    const ref = refOf(item);
    return {
      id: `${group}:${ref}`,
      group,
      icon: <KindIcon kind={item.kind} size={17} />,
      title: displayName(item),
      detail: [kindWords(item.kind).one, specText(item, "owner")].filter(Boolean).join(" · "),
      run: () => go(paths.entity(ref)),
    };
  };
  const actions = matchActions(useActionList(), term);
  const ofGroup = (wanted: "pages" | "actions", group: string) =>
    actions
      .filter((action) => action.group === wanted)
      .map((action): Option => {
        const ActionIcon = action.icon ?? IconSearch;
        return {
          id: action.id,
          group,
          icon: <ActionIcon size={17} stroke={1.6} />,
          title: action.title,
          keys: action.keys,
          run: () => {
            onClose();
            action.run();
          },
        };
      });

  const pages = ofGroup("pages", strings.groupPages);
  const doings = ofGroup("actions", strings.groupActions);
  if (term === "") return { options: [...recent.map(entity(strings.groupRecent)), ...pages, ...doings], failed: false };
  const entities = (found.data?.items ?? []).map(entity(strings.groupEntities));
  const all: Option = {
    id: "all",
    group: strings.groupEntities,
    icon: <IconSearch size={17} stroke={1.6} />,
    title: strings.searchAll(term),
    run: () => go(paths.catalog({ query: formatQuery([{ type: "text", text: term }]) })),
  };
  const more = (found.data?.totalItems ?? 0) > entities.length ? [all] : [];
  // A page whose name was begun to be typed is meant more often than an entity that mentions the word.
  return { options: [...pages, ...entities, ...more, ...doings], failed: found.isError };
}
