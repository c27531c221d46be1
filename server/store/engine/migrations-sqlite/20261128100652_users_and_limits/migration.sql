CREATE TABLE `ip_blocks` (
	`range` text PRIMARY KEY,
	`shown` text NOT NULL,
	`reason` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	CONSTRAINT "ip_blocks_created_at" CHECK("created_at" >= 0)
);
--> statement-breakpoint
CREATE TABLE `ip_configs` (
	`ip` text PRIMARY KEY,
	`notes` text,
	`requests_per_minute` integer,
	`requests_per_day` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "ip_configs_created_at" CHECK("created_at" >= 0)
);
--> statement-breakpoint
CREATE TABLE `open_calls` (
	`id` text PRIMARY KEY,
	`key_id` text NOT NULL,
	`user_id` text,
	`at` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`input_micro_usd` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `usage_counters` (
	`subject` text NOT NULL,
	`period` text NOT NULL,
	`requests` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`input_micro_usd` integer NOT NULL,
	`output_micro_usd` integer NOT NULL,
	`credits` real NOT NULL,
	CONSTRAINT `usage_counters_pk` PRIMARY KEY(`subject`, `period`)
);
--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY,
	`name` text NOT NULL,
	`email` text,
	`notes` text,
	`enabled` integer NOT NULL,
	`priority` integer NOT NULL,
	`expires_at` integer,
	`models` text,
	`account_ids` text,
	`requests_per_minute` integer,
	`requests_per_day` integer,
	`tokens_per_day` integer,
	`tokens_per_month` integer,
	`micro_usd_per_month` integer,
	`credits_per_month` real,
	`concurrency` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "users_enabled" CHECK("enabled" in (0, 1)),
	CONSTRAINT "users_priority" CHECK("priority" between 0 and 9),
	CONSTRAINT "users_models" CHECK("models" is null or json_valid("models")),
	CONSTRAINT "users_account_ids" CHECK("account_ids" is null or json_valid("account_ids")),
	CONSTRAINT "users_created_at" CHECK("created_at" >= 0)
);
--> statement-breakpoint
ALTER TABLE `accounts` ADD `overage` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `accounts` ADD `overage_credits` real;--> statement-breakpoint
ALTER TABLE `accounts` ADD `overage_micro_usd` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `user_id` text REFERENCES users(id) ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `expires_at` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `notes` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `models` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `requests_per_minute` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `requests_per_day` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `tokens_per_day` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `tokens_per_month` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `micro_usd_per_month` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `credits_per_month` real;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `concurrency` integer;--> statement-breakpoint
CREATE INDEX `api_keys_by_user` ON `api_keys` (`user_id`);--> statement-breakpoint
CREATE INDEX `usage_counters_by_period` ON `usage_counters` (`period`);--> statement-breakpoint
CREATE INDEX `users_by_creation` ON `users` (`created_at`,`id`);