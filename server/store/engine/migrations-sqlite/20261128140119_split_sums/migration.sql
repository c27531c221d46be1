-- Sums lie in the order in which they are read: one subject's details side by side. Sums of two subjects are made from the requests that are in the others.
CREATE TABLE `split_rollups` (
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`grain` integer NOT NULL,
	`start` integer NOT NULL,
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
	CONSTRAINT `split_rollups_pk` PRIMARY KEY(`kind`, `subject`, `grain`, `start`, `model`, `dialect`, `status`, `outcome`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `split_rollups` (`kind`, `subject`, `grain`, `start`, `model`, `dialect`, `status`, `outcome`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms`) SELECT `kind`, `subject`, `grain`, `start`, `model`, `dialect`, `status`, `outcome`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms` FROM `request_rollups` WHERE `detail` = 1 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
--> statement-breakpoint
CREATE TABLE `__new_request_rollups` (
	`grain` integer NOT NULL,
	`kind` text NOT NULL,
	`start` integer NOT NULL,
	`subject` text NOT NULL,
	`requests` integer NOT NULL,
	`failures` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`cache_read_tokens` integer NOT NULL,
	`credits` real NOT NULL,
	`input_micro_usd` integer NOT NULL,
	`output_micro_usd` integer NOT NULL,
	`duration_ms` integer NOT NULL,
	CONSTRAINT `request_rollups_pk` PRIMARY KEY(`grain`, `kind`, `start`, `subject`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_request_rollups` (`grain`, `kind`, `start`, `subject`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms`) SELECT `grain`, `kind`, `start`, `subject`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms` FROM `request_rollups` WHERE `detail` = 0;
--> statement-breakpoint
DROP TABLE `request_rollups`;
--> statement-breakpoint
ALTER TABLE `__new_request_rollups` RENAME TO `request_rollups`;
--> statement-breakpoint
INSERT INTO `request_rollups` (`grain`, `kind`, `start`, `subject`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms`)
SELECT `grain`, 'outcome', `start`, `outcome`, sum(`requests`), sum(`failures`), sum(`input_tokens`), sum(`output_tokens`), sum(`cache_read_tokens`), sum(`credits`), sum(`input_micro_usd`), sum(`output_micro_usd`), sum(`duration_ms`) FROM `split_rollups` WHERE `kind` = 'all' GROUP BY `grain`, `start`, `outcome`;
--> statement-breakpoint
INSERT INTO `request_rollups` (`grain`, `kind`, `start`, `subject`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms`)
SELECT 86400000, 'key+user', `at` - `at` % 86400000 AS `day`, `key_id` || '+' || `user_id` AS `pair`, count(*), sum(`error_kind` IS NOT NULL), sum(`input_tokens`), sum(`output_tokens`), sum(coalesce(`cache_read_tokens`, 0)), sum(coalesce(`credits`, 0)), sum(coalesce(`input_micro_usd`, 0)), sum(coalesce(`output_micro_usd`, 0)), sum(`duration_ms`)
FROM `requests` WHERE `seq` <= (SELECT `seq` FROM `rollup_marks` WHERE `id` = 1) AND `key_id` IS NOT NULL AND `user_id` IS NOT NULL
GROUP BY `day`, `pair`;
--> statement-breakpoint
INSERT INTO `request_rollups` (`grain`, `kind`, `start`, `subject`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms`)
SELECT 86400000, 'key+account', `at` - `at` % 86400000 AS `day`, `key_id` || '+' || `account_id` AS `pair`, count(*), sum(`error_kind` IS NOT NULL), sum(`input_tokens`), sum(`output_tokens`), sum(coalesce(`cache_read_tokens`, 0)), sum(coalesce(`credits`, 0)), sum(coalesce(`input_micro_usd`, 0)), sum(coalesce(`output_micro_usd`, 0)), sum(`duration_ms`)
FROM `requests` WHERE `seq` <= (SELECT `seq` FROM `rollup_marks` WHERE `id` = 1) AND `key_id` IS NOT NULL AND `account_id` IS NOT NULL
GROUP BY `day`, `pair`;
--> statement-breakpoint
INSERT INTO `request_rollups` (`grain`, `kind`, `start`, `subject`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms`)
SELECT 86400000, 'user+account', `at` - `at` % 86400000 AS `day`, `user_id` || '+' || `account_id` AS `pair`, count(*), sum(`error_kind` IS NOT NULL), sum(`input_tokens`), sum(`output_tokens`), sum(coalesce(`cache_read_tokens`, 0)), sum(coalesce(`credits`, 0)), sum(coalesce(`input_micro_usd`, 0)), sum(coalesce(`output_micro_usd`, 0)), sum(`duration_ms`)
FROM `requests` WHERE `seq` <= (SELECT `seq` FROM `rollup_marks` WHERE `id` = 1) AND `user_id` IS NOT NULL AND `account_id` IS NOT NULL
GROUP BY `day`, `pair`;
--> statement-breakpoint
CREATE INDEX `request_rollups_by_subject` ON `request_rollups` (`kind`,`subject`,`grain`,`start`);
