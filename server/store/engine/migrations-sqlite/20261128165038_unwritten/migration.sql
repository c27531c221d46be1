CREATE TABLE `usage_marks` (
	`id` integer PRIMARY KEY,
	`epoch` text NOT NULL,
	`number` integer NOT NULL,
	CONSTRAINT "usage_marks_id" CHECK("id" = 1)
);
--> statement-breakpoint
ALTER TABLE `requests` ADD `key_prefix` text;