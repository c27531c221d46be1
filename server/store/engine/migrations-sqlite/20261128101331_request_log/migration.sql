CREATE TABLE `capture_rules` (
	`key_id` text PRIMARY KEY,
	`max_bytes` integer NOT NULL,
	`keep_ms` integer NOT NULL,
	`until` integer NOT NULL,
	`created_at` integer NOT NULL,
	CONSTRAINT `fk_capture_rules_key_id_api_keys_id_fk` FOREIGN KEY (`key_id`) REFERENCES `api_keys`(`id`) ON DELETE CASCADE,
	CONSTRAINT "capture_rules_max_bytes" CHECK("max_bytes" between 1 and 1048576)
);
--> statement-breakpoint
CREATE TABLE `captures` (
	`request_id` text PRIMARY KEY,
	`key_id` text NOT NULL,
	`at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`bytes` integer NOT NULL,
	`sealed` blob NOT NULL
);
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
);
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
);
--> statement-breakpoint
CREATE TABLE `rollup_marks` (
	`id` integer PRIMARY KEY,
	`seq` integer NOT NULL,
	CONSTRAINT "rollup_marks_id" CHECK("id" = 1)
);
--> statement-breakpoint
CREATE TABLE `visitors` (
	`ip` text NOT NULL,
	`user_id` text NOT NULL,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	`requests` integer NOT NULL,
	`failures` integer NOT NULL,
	CONSTRAINT `visitors_pk` PRIMARY KEY(`ip`, `user_id`)
);
--> statement-breakpoint
ALTER TABLE `requests` ADD `seq` integer;--> statement-breakpoint
ALTER TABLE `requests` ADD `user_id` text;--> statement-breakpoint
ALTER TABLE `requests` ADD `model_reason` text;--> statement-breakpoint
ALTER TABLE `requests` ADD `input_micro_usd` integer;--> statement-breakpoint
ALTER TABLE `requests` ADD `output_micro_usd` integer;--> statement-breakpoint
ALTER TABLE `requests` ADD `session` text;--> statement-breakpoint
ALTER TABLE `requests` ADD `attempts` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_requests` (
	`seq` integer PRIMARY KEY AUTOINCREMENT,
	`id` text NOT NULL,
	`at` integer NOT NULL,
	`dialect` text NOT NULL,
	`key_id` text,
	`user_id` text,
	`account_id` text,
	`model` text NOT NULL,
	`upstream_model` text,
	`model_reason` text,
	`stream` integer NOT NULL,
	`status` integer NOT NULL,
	`error_kind` text,
	`error_message` text,
	`first_token_ms` integer,
	`duration_ms` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`input_source` text NOT NULL,
	`output_tokens` integer NOT NULL,
	`output_source` text NOT NULL,
	`cache_read_tokens` integer,
	`credits` real,
	`input_micro_usd` integer,
	`output_micro_usd` integer,
	`session` text,
	`peer` text NOT NULL,
	`user_agent` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`route` text NOT NULL,
	`notes` text,
	CONSTRAINT "requests_stream" CHECK("stream" in (0, 1)),
	CONSTRAINT "requests_at" CHECK("at" >= 0),
	CONSTRAINT "requests_tokens" CHECK("input_tokens" >= 0 and "output_tokens" >= 0)
);
--> statement-breakpoint
INSERT INTO `__new_requests`(`id`, `at`, `dialect`, `key_id`, `account_id`, `model`, `upstream_model`, `stream`, `status`, `error_kind`, `error_message`, `first_token_ms`, `duration_ms`, `input_tokens`, `input_source`, `output_tokens`, `output_source`, `cache_read_tokens`, `credits`, `peer`, `user_agent`, `route`, `notes`) SELECT `id`, `at`, `dialect`, `key_id`, `account_id`, `model`, `upstream_model`, `stream`, `status`, `error_kind`, `error_message`, `first_token_ms`, `duration_ms`, `input_tokens`, `input_source`, `output_tokens`, `output_source`, `cache_read_tokens`, `credits`, `peer`, `user_agent`, `route`, `notes` FROM `requests`;--> statement-breakpoint
DROP TABLE `requests`;--> statement-breakpoint
ALTER TABLE `__new_requests` RENAME TO `requests`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX `requests_by_id` ON `requests` (`id`);--> statement-breakpoint
CREATE INDEX `requests_by_time` ON `requests` (`at`);--> statement-breakpoint
CREATE INDEX `requests_by_key` ON `requests` (`key_id`,`at`);--> statement-breakpoint
CREATE INDEX `requests_by_user` ON `requests` (`user_id`,`at`);--> statement-breakpoint
CREATE INDEX `requests_by_account` ON `requests` (`account_id`,`at`);--> statement-breakpoint
CREATE INDEX `requests_by_peer` ON `requests` (`peer`,`at`);--> statement-breakpoint
CREATE INDEX `requests_by_model` ON `requests` (`upstream_model`,`at`);--> statement-breakpoint
CREATE INDEX `requests_by_dialect` ON `requests` (`dialect`,`at`);--> statement-breakpoint
CREATE INDEX `requests_by_session` ON `requests` (`session`,`at`) WHERE "requests"."session" is not null;--> statement-breakpoint
CREATE INDEX `requests_by_error` ON `requests` (`error_kind`,`at`) WHERE "requests"."error_kind" is not null;--> statement-breakpoint
CREATE INDEX `requests_by_status` ON `requests` (`status`,`at`) WHERE "requests"."status" >= 400;--> statement-breakpoint
CREATE INDEX `requests_failed` ON `requests` (`at`) WHERE "requests"."error_kind" is not null;--> statement-breakpoint
CREATE INDEX `captures_by_expiry` ON `captures` (`expires_at`);--> statement-breakpoint
CREATE INDEX `captures_by_key` ON `captures` (`key_id`);--> statement-breakpoint
CREATE INDEX `captures_by_time` ON `captures` (`at`);--> statement-breakpoint
CREATE INDEX `latency_rollups_by_time` ON `latency_rollups` (`grain`,`start`);--> statement-breakpoint
CREATE INDEX `request_rollups_by_subject` ON `request_rollups` (`kind`,`subject`,`detail`,`grain`,`start`);--> statement-breakpoint
CREATE INDEX `visitors_by_time` ON `visitors` (`last_at`);--> statement-breakpoint
CREATE INDEX `visitors_by_user` ON `visitors` (`user_id`,`last_at`);