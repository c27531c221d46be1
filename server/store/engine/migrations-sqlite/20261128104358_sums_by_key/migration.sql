-- Sums are found by their key alone, so the rows lie in it: half the size, and no second look-up. Made anew from the requests.
DROP TABLE `latency_rollups`;
--> statement-breakpoint
CREATE TABLE `latency_rollups` (
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`measure` text NOT NULL,
	`grain` integer NOT NULL,
	`start` integer NOT NULL,
	`bucket` integer NOT NULL,
	`requests` integer NOT NULL,
	CONSTRAINT `latency_rollups_pk` PRIMARY KEY(`kind`, `subject`, `measure`, `grain`, `start`, `bucket`)
) WITHOUT ROWID;
--> statement-breakpoint
DROP TABLE `request_rollups`;
--> statement-breakpoint
CREATE TABLE `request_rollups` (
	`grain` integer NOT NULL,
	`kind` text NOT NULL,
	`detail` integer NOT NULL,
	`start` integer NOT NULL,
	`subject` text NOT NULL,
	`model` text NOT NULL,
	`dialect` text NOT NULL,
	`status` integer NOT NULL,
	`outcome` text NOT NULL,
	`requests` integer NOT NULL,
	`failures` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`cache_read_tokens` integer NOT NULL,
	`credits` real NOT NULL,
	`input_micro_usd` integer NOT NULL,
	`output_micro_usd` integer NOT NULL,
	`duration_ms` integer NOT NULL,
	CONSTRAINT `request_rollups_pk` PRIMARY KEY(`grain`, `kind`, `detail`, `start`, `subject`, `model`, `dialect`, `status`, `outcome`)
) WITHOUT ROWID;
--> statement-breakpoint
DROP TABLE `visitors`;
--> statement-breakpoint
CREATE TABLE `visitors` (
	`ip` text NOT NULL,
	`user_id` text NOT NULL,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	`requests` integer NOT NULL,
	`failures` integer NOT NULL,
	CONSTRAINT `visitors_pk` PRIMARY KEY(`ip`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `latency_rollups_by_time` ON `latency_rollups` (`grain`,`start`);
--> statement-breakpoint
CREATE INDEX `request_rollups_by_subject` ON `request_rollups` (`kind`,`subject`,`detail`,`grain`,`start`);
--> statement-breakpoint
CREATE INDEX `visitors_by_time` ON `visitors` (`last_at`);
--> statement-breakpoint
CREATE INDEX `visitors_by_user` ON `visitors` (`user_id`,`last_at`);
--> statement-breakpoint
DELETE FROM `rollup_marks`;
