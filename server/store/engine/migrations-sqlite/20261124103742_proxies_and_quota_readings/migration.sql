CREATE TABLE `proxies` (
	`id` text PRIMARY KEY,
	`name` text NOT NULL,
	`sealed` blob NOT NULL,
	`shown` text NOT NULL,
	`weight` integer NOT NULL,
	`enabled` integer NOT NULL,
	`health_state` text NOT NULL,
	`checked_at` integer,
	`latency_ms` integer,
	`failures` integer NOT NULL,
	`health_reason` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "proxies_id" CHECK(substr("id", 1, 4) = 'prx_'),
	CONSTRAINT "proxies_enabled" CHECK("enabled" in (0, 1)),
	CONSTRAINT "proxies_weight" CHECK("weight" between 1 and 100),
	CONSTRAINT "proxies_health_state" CHECK("health_state" in ('unchecked', 'up', 'down')),
	CONSTRAINT "proxies_failures" CHECK("failures" >= 0),
	CONSTRAINT "proxies_created_at" CHECK("created_at" >= 0)
);
--> statement-breakpoint
CREATE TABLE `quota_readings` (
	`account_id` text NOT NULL,
	`at` integer NOT NULL,
	`used` real NOT NULL,
	`limit` real NOT NULL,
	CONSTRAINT `quota_readings_pk` PRIMARY KEY(`account_id`, `at`),
	CONSTRAINT `fk_quota_readings_account_id_accounts_id_fk` FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON DELETE CASCADE,
	CONSTRAINT "quota_readings_at" CHECK("at" >= 0)
);
--> statement-breakpoint
CREATE TABLE `sealed_settings` (
	`name` text PRIMARY KEY,
	`sealed` blob NOT NULL,
	`shown` text NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `accounts` ADD `proxy_id` text REFERENCES proxies(id) ON DELETE SET NULL;--> statement-breakpoint
CREATE INDEX `accounts_by_proxy` ON `accounts` (`proxy_id`);--> statement-breakpoint
CREATE INDEX `quota_readings_by_time` ON `quota_readings` (`at`);