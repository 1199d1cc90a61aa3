import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { strings } from "@/ui/strings";

interface ColumnMenuProps {
  columns: readonly { id: string; header: string; visible: boolean }[];
  roomy: boolean;
  onToggle: (id: string) => void;
  onRoomy: (roomy: boolean) => void;
  /** Back to the columns that were there at first; absent when these are they. */
  onReset?: () => void;
}

/** Which columns show, and how high the rows are. */
export function ColumnMenu({ columns, roomy, onToggle, onRoomy, onReset }: ColumnMenuProps) {
  const item = (key: string, label: string, checked: boolean, onChange: () => void) => (
    <Menu.CheckboxItem key={key} checked={checked} onChange={onChange}>
      {label}
    </Menu.CheckboxItem>
  );
  return (
    <Menu position="bottom-end" closeOnItemClick={false}>
      <Menu.Target>
        <Tooltip label={strings.columns}>
          <ActionIcon aria-label={strings.columns}>
            <IconAdjustmentsHorizontal size={17} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label aria-hidden="true">{strings.columns}</Menu.Label>
        {columns.map((column) => item(column.id, column.header, column.visible, () => onToggle(column.id)))}
        {onReset && <Menu.Item onClick={onReset}>{strings.columnsReset}</Menu.Item>}
        <Menu.Divider />
        {item("roomy", strings.density, roomy, () => onRoomy(!roomy))}
      </Menu.Dropdown>
    </Menu>
  );
}
