CREATE TABLE `claude_server_deleted_items` (
	`id` varchar(64) PRIMARY KEY,
	`kind` varchar(64) NOT NULL,
	`name` text NOT NULL,
	`deleted_at` bigint NOT NULL,
	`sealed` mediumblob NOT NULL,
	`credentials` mediumblob,
	CONSTRAINT `deleted_items_kind` CHECK(`claude_server_deleted_items`.`kind` in ('account', 'user', 'key', 'proxy')),
	CONSTRAINT `deleted_items_deleted_at` CHECK(`claude_server_deleted_items`.`deleted_at` >= 0)
);
--> statement-breakpoint
CREATE INDEX `deleted_items_by_time` ON `claude_server_deleted_items` (`kind`,`deleted_at`,`id`);