PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_deleted_items` (
	`id` text PRIMARY KEY,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`deleted_at` integer NOT NULL,
	`sealed` blob NOT NULL,
	`credentials` blob,
	CONSTRAINT "deleted_items_kinds" CHECK("kind" in ('account', 'user', 'key', 'proxy', 'mapping', 'block')),
	CONSTRAINT "deleted_items_deleted_at" CHECK("deleted_at" >= 0)
);
--> statement-breakpoint
INSERT INTO `__new_deleted_items`(`id`, `kind`, `name`, `deleted_at`, `sealed`, `credentials`) SELECT `id`, `kind`, `name`, `deleted_at`, `sealed`, `credentials` FROM `deleted_items`;--> statement-breakpoint
DROP TABLE `deleted_items`;--> statement-breakpoint
ALTER TABLE `__new_deleted_items` RENAME TO `deleted_items`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE INDEX `deleted_items_by_time` ON `deleted_items` (`kind`,`deleted_at`,`id`);