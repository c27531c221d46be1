CREATE TABLE `account_models` (
	`account_id` text PRIMARY KEY,
	`models` text NOT NULL,
	`read_at` integer NOT NULL,
	CONSTRAINT `fk_account_models_account_id_accounts_id_fk` FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON DELETE CASCADE,
	CONSTRAINT "account_models_models" CHECK("models" is null or json_valid("models"))
);
--> statement-breakpoint
CREATE TABLE `accounts` (
	`id` text PRIMARY KEY,
	`label` text NOT NULL,
	`enabled` integer NOT NULL,
	`weight` integer NOT NULL,
	`max_in_flight` integer NOT NULL,
	`health_state` text NOT NULL,
	`health_since` integer NOT NULL,
	`health_until` integer,
	`health_reason` text,
	`failures` integer NOT NULL,
	`quota` text,
	`method` text NOT NULL,
	`email` text,
	`user_id` text,
	`plan` text,
	`region` text NOT NULL,
	`success_count` integer NOT NULL,
	`error_count` integer NOT NULL,
	`access_expires_at` integer,
	`last_refresh_at` integer,
	`last_refresh_status` text,
	`last_used_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "accounts_enabled" CHECK("enabled" in (0, 1)),
	CONSTRAINT "accounts_weight" CHECK("weight" between 1 and 100),
	CONSTRAINT "accounts_max_in_flight" CHECK("max_in_flight" between 1 and 1000),
	CONSTRAINT "accounts_health_state" CHECK("health_state" in ('unchecked', 'ready', 'cooling', 'exhausted', 'expired', 'suspended', 'failing')),
	CONSTRAINT "accounts_method" CHECK("method" in ('builder-id', 'identity-center', 'social', 'api-key')),
	CONSTRAINT "accounts_last_refresh_status" CHECK("last_refresh_status" is null or "last_refresh_status" in ('success', 'failed')),
	CONSTRAINT "accounts_quota" CHECK("quota" is null or json_valid("quota")),
	CONSTRAINT "accounts_counters" CHECK("failures" >= 0 and "success_count" >= 0 and "error_count" >= 0),
	CONSTRAINT "accounts_created_at" CHECK("created_at" >= 0)
);
--> statement-breakpoint
CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY,
	`name` text NOT NULL,
	`hash` text NOT NULL UNIQUE,
	`prefix` text NOT NULL,
	`last4` text NOT NULL,
	`enabled` integer NOT NULL,
	`created_at` integer NOT NULL,
	`last_used_at` integer,
	CONSTRAINT "api_keys_enabled" CHECK("enabled" in (0, 1)),
	CONSTRAINT "api_keys_hash" CHECK(length("hash") = 64)
);
--> statement-breakpoint
CREATE TABLE `credentials` (
	`account_id` text PRIMARY KEY,
	`sealed` blob NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT `fk_credentials_account_id_accounts_id_fk` FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON DELETE CASCADE
);
--> statement-breakpoint
CREATE TABLE `requests` (
	`id` text PRIMARY KEY,
	`at` integer NOT NULL,
	`dialect` text NOT NULL,
	`key_id` text,
	`account_id` text,
	`model` text NOT NULL,
	`upstream_model` text,
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
	`peer` text NOT NULL,
	`user_agent` text NOT NULL,
	`route` text NOT NULL,
	CONSTRAINT "requests_stream" CHECK("stream" in (0, 1)),
	CONSTRAINT "requests_at" CHECK("at" >= 0),
	CONSTRAINT "requests_tokens" CHECK("input_tokens" >= 0 and "output_tokens" >= 0)
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`hash` text PRIMARY KEY,
	`created_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`peer` text NOT NULL,
	`user_agent` text NOT NULL,
	`must_change_password` integer NOT NULL,
	CONSTRAINT "sessions_must_change_password" CHECK("must_change_password" in (0, 1)),
	CONSTRAINT "sessions_hash" CHECK(length("hash") = 64)
);
--> statement-breakpoint
CREATE TABLE `settings` (
	`name` text PRIMARY KEY,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `vault_marks` (
	`id` integer PRIMARY KEY,
	`key_id` text NOT NULL,
	`trial` blob NOT NULL,
	`salt` blob NOT NULL,
	`created_at` integer NOT NULL,
	CONSTRAINT "vault_marks_id" CHECK("id" = 1)
);
--> statement-breakpoint
CREATE INDEX `accounts_by_creation` ON `accounts` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `requests_by_time` ON `requests` (`at`,`id`);--> statement-breakpoint
CREATE INDEX `sessions_by_last_seen` ON `sessions` (`last_seen_at`);