import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconAdjustmentsHorizontal, IconCheck } from "@tabler/icons-react";
import { strings } from "@/ui/strings";

interface ColumnMenuProps {
  columns: readonly { id: string; header: string; visible: boolean }[];
  roomy: boolean;
  onToggle: (id: string) => void;
  onRoomy: (roomy: boolean) => void;
}

/** Which columns show, and how high the rows are. */
export function ColumnMenu({ columns, roomy, onToggle, onRoomy }: ColumnMenuProps) {
  const item = (key: string, label: string, checked: boolean, onClick: () => void) => (
    <Menu.Item key={key} role="menuitemcheckbox" aria-checked={checked} leftSection={<IconCheck size={15} opacity={checked ? 1 : 0} />} onClick={onClick}>
      {label}
    </Menu.Item>
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
        <Menu.Label>{strings.columns}</Menu.Label>
        {columns.map((column) => item(column.id, column.header, column.visible, () => onToggle(column.id)))}
        <Menu.Divider />
        {item("roomy", strings.density, roomy, () => onRoomy(!roomy))}
      </Menu.Dropdown>
    </Menu>
  );
}
