import { useId, useState, type KeyboardEvent } from "react";

/**
 * An input that steers a list under it: arrows move, Enter picks, the focus stays in the input.
 * `active` is -1 while nothing is chosen, unless the first option is chosen by itself.
 */
export function useListbox({ count, open, firstActive, onPick, onClose }: { count: number; open: boolean; firstActive: boolean; onPick: (index: number) => void; onClose: () => void }) {
  const id = useId();
  const start = firstActive ? 0 : -1;
  const [chosen, setActive] = useState(start);
  const active = Math.min(chosen, count - 1);
  const expanded = open && count > 0;

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape" && expanded) {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    } else if (expanded && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setActive(active < 0 ? (step === 1 ? 0 : count - 1) : (active + step + count) % count);
    } else if (expanded && active >= 0 && (event.key === "Enter" || (event.key === "Tab" && !firstActive))) {
      event.preventDefault();
      onPick(active);
    }
  };

  return {
    active,
    reset: () => setActive(start),
    activate: setActive,
    inputProps: {
      role: "combobox",
      "aria-expanded": expanded,
      "aria-controls": `${id}-list`,
      "aria-autocomplete": "list" as const,
      "aria-activedescendant": expanded && active >= 0 ? `${id}-${active}` : undefined,
      onKeyDown,
    },
    listProps: { id: `${id}-list`, role: "listbox" },
    optionProps: (index: number) => ({ id: `${id}-${index}`, role: "option", "aria-selected": index === active }),
  };
}
