CREATE TABLE `claude_server_usage_marks` (
	`id` bigint PRIMARY KEY,
	`epoch` varchar(64) NOT NULL,
	`number` bigint NOT NULL,
	CONSTRAINT `usage_marks_id` CHECK(`claude_server_usage_marks`.`id` = 1)
);
--> statement-breakpoint
ALTER TABLE `claude_server_requests` ADD `key_prefix` varchar(64);