CREATE TABLE `claude_server_account_events` (
	`account_id` varchar(64) NOT NULL,
	`at` bigint NOT NULL,
	`kind` varchar(64) NOT NULL,
	`reason` text,
	`cause` varchar(64),
	`until` bigint,
	CONSTRAINT PRIMARY KEY(`account_id`,`at`),
	CONSTRAINT `claude_server_account_events_L8SD4qW6pp3O_fkey` FOREIGN KEY (`account_id`) REFERENCES `claude_server_accounts`(`id`) ON DELETE CASCADE,
	CONSTRAINT `account_events_at` CHECK(`claude_server_account_events`.`at` >= 0)
);
--> statement-breakpoint
ALTER TABLE `claude_server_accounts` ADD `notes` text;--> statement-breakpoint
CREATE INDEX `account_events_by_time` ON `claude_server_account_events` (`at`);