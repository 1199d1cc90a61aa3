import { ActionIcon, TextInput } from "@mantine/core";
import { IconFilter, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { strings } from "@/components/strings";
import { complete } from "@/lib/query/complete";
import { parseQuery } from "@/lib/query/grammar";
import { useKeys } from "@/ui/keys";
import { useListbox } from "@/ui/use-listbox";
import classes from "./QueryBar.module.css";

const SETTLE_MS = 250;

interface QueryBarProps {
  value: string;
  /** Called when typing rests, and at once on Enter, on a completion and on clearing. */
  onChange: (value: string) => void;
  valuesOf: (key: string) => readonly string[];
}

/** The query as text: completed while it is typed, explained where it was understood otherwise. */
export function QueryBar({ value, onChange, valuesOf }: QueryBarProps) {
  const [draft, setDraft] = useState(value);
  const [synced, setSynced] = useState(value);
  const [caret, setCaret] = useState(0);
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  // The URL changed from elsewhere: a facet, a saved view, Back.
  if (value !== synced) {
    setSynced(value);
    setDraft(value);
  }
  const commit = (next: string) => {
    setSynced(next);
    onChange(next);
  };
  useEffect(() => {
    if (draft === synced) return;
    const timer = setTimeout(() => {
      setSynced(draft);
      onChange(draft);
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [draft, synced, onChange]);

  const options = open ? complete(draft, caret, valuesOf) : [];
  const pick = (index: number) => {
    const option = options[index];
    if (!option) return;
    setDraft(option.source);
    setCaret(option.caret);
    listbox.reset();
    if (option.source.endsWith(" ") || !option.source.endsWith(":")) commit(option.source.trim());
    requestAnimationFrame(() => input.current?.setSelectionRange(option.caret, option.caret));
  };
  const listbox = useListbox({ count: options.length, open, firstActive: false, onPick: pick, onClose: () => setOpen(false) });
  useKeys([{ keys: "/", label: "Filter the list", group: "Lists", run: () => input.current?.focus() }]);

  const { notes } = parseQuery(draft);
  return (
    <div className={classes.root}>
      <TextInput
        {...listbox.inputProps}
        ref={input}
        size="sm"
        aria-label={strings.query}
        placeholder={strings.queryHint}
        value={draft}
        spellCheck={false}
        autoComplete="off"
        classNames={{ input: classes.input ?? "" }}
        leftSection={<IconFilter size={16} />}
        rightSection={
          draft !== "" && (
            <ActionIcon
              aria-label={strings.clearQuery}
              size={24}
              onClick={() => {
                setDraft("");
                commit("");
                input.current?.focus();
              }}
            >
              <IconX size={15} />
            </ActionIcon>
          )
        }
        onChange={(event) => {
          setDraft(event.currentTarget.value);
          setCaret(event.currentTarget.selectionStart ?? event.currentTarget.value.length);
          setOpen(true);
          listbox.reset();
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
        onBlur={() => setOpen(false)}
        onKeyDown={(event) => {
          listbox.inputProps.onKeyDown(event);
          if (event.defaultPrevented) return;
          if (event.key === "Enter") {
            setOpen(false);
            commit(draft);
          } else if (event.key === "ArrowDown") setOpen(true);
          else if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      {options.length > 0 && (
        <ul {...listbox.listProps} aria-label={strings.query} className={classes.list}>
          {options.map((option, index) => (
            <li
              key={option.label}
              {...listbox.optionProps(index)}
              className={classes.option}
              onMouseDown={(event) => {
                event.preventDefault();
                pick(index);
              }}
              onMouseEnter={() => listbox.activate(index)}
            >
              {option.label}
            </li>
          ))}
        </ul>
      )}
      {notes.length > 0 && (
        <p className={classes.notes} role="status">
          {notes.map((note) => note.message).join(" ")}
        </p>
      )}
    </div>
  );
}
