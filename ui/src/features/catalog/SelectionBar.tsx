import { Button } from "@mantine/core";
import { IconDownload, IconStar } from "@tabler/icons-react";
import type { Entity, ModelField } from "@/api/types";
import { useStarred } from "@/components/bookmarks";
import { refOf } from "@/lib/entity-ref";
import { downloadText, toCsv } from "@/lib/export";
import { formatCount } from "@/lib/units";
import { useToast } from "@/ui/toast";
import { exportHeader, exportRow } from "./columns";
import { strings } from "./strings";

/** What can be done with the selected rows. */
export function SelectionBar({ rows, fields, onClear }: { rows: readonly Entity[]; fields: readonly ModelField[]; onClear: () => void }) {
  const toast = useToast();
  const { refs: starred, starAll, unstarAll } = useStarred();
  const count = formatCount(rows.length);
  const star = () => {
    const added = rows.map(refOf).filter((ref) => !starred.includes(ref));
    starAll(added);
    toast({ text: strings.starredMany(count), undo: () => unstarAll(added) });
  };
  return (
    <>
      <strong>{strings.selected(count)}</strong>
      <Button variant="default" size="compact-sm" leftSection={<IconStar size={14} />} onClick={star}>
        {strings.starSelected}
      </Button>
      <Button variant="default" size="compact-sm" leftSection={<IconDownload size={14} />} onClick={() => downloadText("catalog.csv", "text/csv", toCsv(exportHeader(fields), rows.map((row) => exportRow(row, fields))))}>
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
