CREATE TABLE `session_spans` (
	`session` text PRIMARY KEY,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL
);
--> statement-breakpoint
DROP INDEX IF EXISTS `requests_by_time`;--> statement-breakpoint
DROP INDEX IF EXISTS `requests_by_key`;--> statement-breakpoint
DROP INDEX IF EXISTS `requests_by_user`;--> statement-breakpoint
DROP INDEX IF EXISTS `requests_by_account`;--> statement-breakpoint
DROP INDEX IF EXISTS `requests_by_peer`;--> statement-breakpoint
DROP INDEX IF EXISTS `requests_by_model`;--> statement-breakpoint
DROP INDEX IF EXISTS `requests_by_dialect`;--> statement-breakpoint
DROP INDEX IF EXISTS `requests_by_session`;--> statement-breakpoint
DROP INDEX IF EXISTS `requests_by_error`;--> statement-breakpoint
DROP INDEX IF EXISTS `requests_by_status`;--> statement-breakpoint
DROP INDEX IF EXISTS `requests_failed`;--> statement-breakpoint
CREATE INDEX `requests_in_time` ON `requests` (`at`,`seq`,`key_id`,`user_id`,`account_id`,`peer`,`upstream_model`,`dialect`,`status`,`error_kind`,`stream`,`attempts`,`duration_ms`,`first_token_ms`,`input_tokens`,`output_tokens`,`cache_read_tokens`,`credits`,`input_micro_usd`,`output_micro_usd`,`model`,`session`);--> statement-breakpoint
CREATE INDEX `requests_failures` ON `requests` (`at`,`seq`,`key_id`,`user_id`,`account_id`,`peer`,`upstream_model`,`dialect`,`status`,`error_kind`,`stream`,`attempts`,`duration_ms`,`first_token_ms`,`input_tokens`,`output_tokens`,`cache_read_tokens`,`credits`,`input_micro_usd`,`output_micro_usd`,`model`,`session`,`error_message`) WHERE "requests"."error_kind" is not null;--> statement-breakpoint
CREATE INDEX `session_spans_by_time` ON `session_spans` (`last_at`);--> statement-breakpoint
INSERT INTO `session_spans` (`session`, `first_at`, `last_at`) SELECT `session`, min(`at`), max(`at`) FROM `requests` WHERE `session` IS NOT NULL GROUP BY `session`;
