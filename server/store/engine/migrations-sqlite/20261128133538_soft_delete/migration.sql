CREATE TABLE `deleted_items` (
	`id` text PRIMARY KEY,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`deleted_at` integer NOT NULL,
	`sealed` blob NOT NULL,
	`credentials` blob,
	CONSTRAINT "deleted_items_kind" CHECK("kind" in ('account', 'user', 'key', 'proxy')),
	CONSTRAINT "deleted_items_deleted_at" CHECK("deleted_at" >= 0)
);
--> statement-breakpoint
CREATE INDEX `deleted_items_by_time` ON `deleted_items` (`kind`,`deleted_at`,`id`);