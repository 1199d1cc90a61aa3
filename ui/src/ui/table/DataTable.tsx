import { ActionIcon, Checkbox } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp, IconStar, IconStarFilled } from "@tabler/icons-react";
import { columnVisibilityFeature, rowSelectionFeature, tableFeatures, useTable, type ColumnDef } from "@tanstack/react-table";
import { useMemo, type ReactNode } from "react";
import type { Target } from "@/lib/paths";
import { AppLink } from "@/ui/AppLink";
import { SkeletonLines } from "@/ui/states";
import { strings } from "@/ui/strings";
import { useRestoredRow } from "@/ui/route-focus";
import { useStored } from "@/ui/use-stored";
import { ColumnMenu } from "./ColumnMenu";
import { nextSort, type Column, type Sort } from "./columns";
import classes from "./DataTable.module.css";
import { roomyRows, tablePreferences, visibleColumns } from "./preferences";
import { useRowKeys } from "./use-row-keys";

interface DataTableProps<Row> {
  /** The accessible name. */
  label: string;
  /** The name under which the chosen columns are remembered. */
  name: string;
  columns: readonly Column<Row>[];
  /** The columns beside the primary one, by their ids, in place of those that are remembered; what changes them goes to onShown, and undefined stands for the remembered ones. */
  shown?: readonly string[];
  onShown?: (ids: string[] | undefined) => void;
  /** Undefined while the first page loads. */
  rows: readonly Row[] | undefined;
  rowId: (row: Row) => string;
  rowLabel: (row: Row) => string;
  /** Where a row leads; without it rows are read and not followed. */
  rowTarget?: (row: Row) => Target;
  sort?: Sort | undefined;
  onSort?: (sort: Sort | undefined) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (selected: Set<string>) => void;
  starred?: ReadonlySet<string>;
  onStar?: (id: string) => void;
  /** Rows of the previous view, shown while the next one loads. */
  stale?: boolean;
  /** For a handful of rows inside of a page: no column chooser, and no line for it. */
  plain?: boolean;
  /** Left of the column chooser: totals, bulk actions. */
  toolbar?: ReactNode;
  /** Instead of rows when there are none. */
  empty?: ReactNode;
}

const features = tableFeatures({ columnVisibilityFeature, rowSelectionFeature });
const NONE: readonly never[] = [];

/** Rows of one kind of thing: sortable, selectable, operable by keyboard, cards below 640 px. */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { columns, shown, onShown, rows, rowId, sort, onSort, selected, onSelect, onStar } = props;
  const narrow = useMediaQuery("(max-width: 640px)", false, { getInitialValueInEffect: false });
  const preferences = tablePreferences(props.name);
  const { visible } = useStored(preferences);
  const roomy = useStored(roomyRows);
  const visibility = useMemo(() => {
    const ids = new Set(shown ?? visibleColumns(columns, visible));
    return Object.fromEntries(columns.map(({ id, primary }) => [id, primary ?? ids.has(id)]));
  }, [columns, shown, visible]);
  const selection = useMemo(() => Object.fromEntries([...(selected ?? NONE)].map((id) => [id, true as const])), [selected]);
  const definitions = useMemo(() => columns.map((column): ColumnDef<typeof features, Row> => ({ id: column.id, header: column.header, cell: (cell) => column.cell(cell.row.original) })), [columns]);

  const table = useTable({
    features,
    columns: definitions,
    data: rows ?? NONE,
    getRowId: rowId,
    state: { columnVisibility: visibility, rowSelection: selection },
    onRowSelectionChange: (update) => {
      const next = typeof update === "function" ? update(selection) : update;
      onSelect?.(new Set(Object.keys(next).filter((id) => next[id])));
    },
    onColumnVisibilityChange: (update) => {
      const next = typeof update === "function" ? update(visibility) : update;
      if (shown) onShown?.(visibleColumns(columns, next));
      else preferences.set({ visible: { ...visible, ...next } });
    },
  });

  const reset = () => {
    preferences.set({ visible: {} });
    onShown?.(undefined);
  };

  const root = useRowKeys({
    ...(onSelect && { toggle: (id) => table.getRow(id).toggleSelected() }),
    ...(onStar && { star: onStar }),
  });
  useRestoredRow(root, rows !== undefined);
  const byId = useMemo(() => new Map(columns.map((column) => [column.id, column])), [columns]);

  const model = table.getRowModel().rows;
  return (
    <div ref={root} className={classes.root} data-roomy={roomy} data-stale={props.stale} aria-busy={rows === undefined || props.stale === true}>
      {(props.toolbar !== undefined || !(narrow || props.plain === true)) && (
        <div className={classes.toolbar}>
          <div className={classes.toolbarStart}>{props.toolbar}</div>
          {!narrow && props.plain !== true && (
            <ColumnMenu
              columns={columns.filter((column) => !column.primary).map((column) => ({ id: column.id, header: column.header, visible: visibility[column.id] ?? true }))}
              roomy={roomy}
              onToggle={(id) => table.getColumn(id)?.toggleVisibility()}
              onRoomy={roomyRows.set}
              {...((shown !== undefined || Object.keys(visible).length > 0) && { onReset: reset })}
            />
          )}
        </div>
      )}
      {rows?.length === 0 && props.empty}
      {rows === undefined && <SkeletonLines lines={12} height={roomy ? 44 : 36} />}
      {narrow && model.length > 0 && (
        <ul className={classes.cards} aria-label={props.label}>
          {model.map((row) => (
            <li key={row.id} data-row-id={row.id} className={classes.card}>
              {titleFirst(row.getVisibleCells(), (cell) => byId.get(cell.column.id)?.primary === true).map((cell) => {
                const column = byId.get(cell.column.id);
                if (!column || column.card === "none") return null;
                if (column.primary) return <div key={cell.id} className={classes.cardTitle}><RowLink target={props.rowTarget?.(row.original)}><table.FlexRender cell={cell} /></RowLink><Star {...props} id={row.id} name={props.rowLabel(row.original)} /></div>;
                return (
                  <div key={cell.id} className={classes.cardField}>
                    <span className={classes.cardLabel}>{column.header}</span>
                    <span className={classes.cardValue}><table.FlexRender cell={cell} /></span>
                  </div>
                );
              })}
            </li>
          ))}
        </ul>
      )}
      {!narrow && model.length > 0 && (
        <div className={classes.scroll} role="group" aria-label={props.label}>
          <table className={classes.table} aria-label={props.label}>
            <thead>
              <tr>
                {onSelect && (
                  <th className={classes.check}>
                    <Checkbox aria-label={strings.selectAll} checked={table.getIsAllRowsSelected()} indeterminate={table.getIsSomeRowsSelected()} onChange={table.getToggleAllRowsSelectedHandler()} />
                  </th>
                )}
                {table.getVisibleFlatColumns().map(({ id }) => {
                  const column = byId.get(id);
                  return column && <HeaderCell key={id} column={column} sort={sort} onSort={onSort} />;
                })}
                {onStar && <th className={classes.star}><span className={classes.hidden}>{strings.star("")}</span></th>}
              </tr>
            </thead>
            <tbody>
              {model.map((row) => (
                <tr key={row.id} data-row-id={row.id} data-selected={row.getIsSelected()}>
                  {onSelect && (
                    <td className={classes.check}>
                      <Checkbox aria-label={strings.selectRow(props.rowLabel(row.original))} checked={row.getIsSelected()} onChange={row.getToggleSelectedHandler()} />
                    </td>
                  )}
                  {row.getVisibleCells().map((cell) => {
                    const column = byId.get(cell.column.id);
                    return (
                      <td key={cell.id} data-align={column?.align} data-grow={column?.grow} data-wrap={column?.wrap} data-primary={column?.primary}>
                        {column?.primary ? <RowLink target={props.rowTarget?.(row.original)}><table.FlexRender cell={cell} /></RowLink> : <table.FlexRender cell={cell} />}
                      </td>
                    );
                  })}
                  {onStar && <td className={classes.star}><Star {...props} id={row.id} name={props.rowLabel(row.original)} /></td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

/** A card begins with its title, wherever its column stands. */
function titleFirst<Cell>(cells: readonly Cell[], isTitle: (cell: Cell) => boolean): readonly Cell[] {
  return [...cells.filter(isTitle), ...cells.filter((cell) => !isTitle(cell))];
}

function RowLink({ target, children }: { target: Target | undefined; children: ReactNode }) {
  if (!target) return children;
  return (
    <AppLink target={target} data-row-link="" className={classes.rowLink}>
      {children}
    </AppLink>
  );
}

function Star({ id, name, starred, onStar }: { id: string; name: string; starred?: ReadonlySet<string>; onStar?: (id: string) => void }) {
  if (!onStar) return null;
  const on = starred?.has(id) ?? false;
  return (
    <ActionIcon size={24} className={classes.starButton} data-on={on} aria-pressed={on} aria-label={strings.star(name)} onClick={() => onStar(id)}>
      {on ? <IconStarFilled size={14} /> : <IconStar size={14} />}
    </ActionIcon>
  );
}

function HeaderCell<Row>({ column, sort, onSort }: { column: Column<Row>; sort: Sort | undefined; onSort: ((sort: Sort | undefined) => void) | undefined }) {
  const key = column.sortKey;
  const active = key !== undefined && sort?.key === key;
  const direction = active ? (sort.descending ? "descending" : "ascending") : undefined;
  return (
    <th scope="col" data-align={column.align} style={{ width: column.width }} aria-sort={direction}>
      {key === undefined || !onSort ? (
        column.header
      ) : (
        <button type="button" className={classes.sort} onClick={() => onSort(nextSort(sort, key))}>
          {column.header}
          {direction === "ascending" && <IconArrowUp size={13} aria-hidden="true" />}
          {direction === "descending" && <IconArrowDown size={13} aria-hidden="true" />}
        </button>
      )}
    </th>
  );
}
