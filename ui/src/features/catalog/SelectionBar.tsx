import { Button } from "@mantine/core";
import { IconDownload, IconStar } from "@tabler/icons-react";
import type { Entity } from "@/api/types";
import { starAll } from "@/components/bookmarks";
import { refOf } from "@/lib/entity-ref";
import { downloadText, toCsv } from "@/lib/export";
import { formatCount } from "@/lib/units";
import { useToast } from "@/ui/toast";
import { EXPORT_HEADER, exportRow } from "./columns";
import { strings } from "./strings";

/** What can be done with the selected rows. */
export function SelectionBar({ rows, onClear }: { rows: readonly Entity[]; onClear: () => void }) {
  const toast = useToast();
  const count = formatCount(rows.length);
  return (
    <>
      <strong>{strings.selected(count)}</strong>
      <Button variant="default" size="compact-sm" leftSection={<IconStar size={14} />} onClick={() => toast({ text: strings.starredMany(count), undo: starAll(rows.map(refOf)) })}>
        {strings.starSelected}
      </Button>
      <Button variant="default" size="compact-sm" leftSection={<IconDownload size={14} />} onClick={() => downloadText("catalog.csv", "text/csv", toCsv(EXPORT_HEADER, rows.map(exportRow)))}>
        {strings.exportCsv}
      </Button>
      <Button variant="default" size="compact-sm" leftSection={<IconDownload size={14} />} onClick={() => downloadText("catalog.json", "application/json", JSON.stringify(rows, null, 2))}>
        {strings.exportJson}
      </Button>
      <Button variant="subtle" color="gray" size="compact-sm" onClick={onClear}>
        {strings.clearSelection}
      </Button>
    </>
  );
}
