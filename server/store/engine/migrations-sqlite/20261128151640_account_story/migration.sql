CREATE TABLE `account_events` (
	`account_id` text NOT NULL,
	`at` integer NOT NULL,
	`kind` text NOT NULL,
	`reason` text,
	`cause` text,
	`until` integer,
	CONSTRAINT `account_events_pk` PRIMARY KEY(`account_id`, `at`),
	CONSTRAINT `fk_account_events_account_id_accounts_id_fk` FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON DELETE CASCADE,
	CONSTRAINT "account_events_at" CHECK("at" >= 0)
);
--> statement-breakpoint
ALTER TABLE `accounts` ADD `notes` text;--> statement-breakpoint
CREATE INDEX `account_events_by_time` ON `account_events` (`at`);