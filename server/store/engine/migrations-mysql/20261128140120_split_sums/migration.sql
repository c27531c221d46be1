CREATE TABLE `claude_server_split_rollups` (
	`kind` varchar(64) NOT NULL,
	`subject` varchar(255) NOT NULL,
	`grain` bigint NOT NULL,
	`start` bigint NOT NULL,
	`model` varchar(255) NOT NULL,
	`dialect` varchar(64) NOT NULL,
	`status` bigint NOT NULL,
	`outcome` varchar(64) NOT NULL,
	`requests` bigint NOT NULL,
	`failures` bigint NOT NULL,
	`input_tokens` bigint NOT NULL,
	`output_tokens` bigint NOT NULL,
	`cache_read_tokens` bigint NOT NULL,
	`credits` double NOT NULL,
	`input_micro_usd` bigint NOT NULL,
	`output_micro_usd` bigint NOT NULL,
	`duration_ms` bigint NOT NULL,
	CONSTRAINT PRIMARY KEY(`kind`,`subject`,`grain`,`start`,`model`,`dialect`,`status`,`outcome`)
);
--> statement-breakpoint
INSERT INTO `claude_server_split_rollups` (`kind`, `subject`, `grain`, `start`, `model`, `dialect`, `status`, `outcome`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms`) SELECT `kind`, `subject`, `grain`, `start`, `model`, `dialect`, `status`, `outcome`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms` FROM `claude_server_request_rollups` WHERE `detail` = 1;
--> statement-breakpoint
DELETE FROM `claude_server_request_rollups` WHERE `detail` = 1;
--> statement-breakpoint
DROP INDEX `request_rollups_by_subject` ON `claude_server_request_rollups`;
--> statement-breakpoint
ALTER TABLE `claude_server_request_rollups` DROP PRIMARY KEY, DROP COLUMN `detail`, DROP COLUMN `model`, DROP COLUMN `dialect`, DROP COLUMN `status`, DROP COLUMN `outcome`, ADD PRIMARY KEY (`grain`,`kind`,`start`,`subject`);
--> statement-breakpoint
CREATE INDEX `request_rollups_by_subject` ON `claude_server_request_rollups` (`kind`,`subject`,`grain`,`start`);
--> statement-breakpoint
INSERT INTO `claude_server_request_rollups` (`grain`, `kind`, `start`, `subject`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms`)
SELECT `grain`, 'outcome', `start`, `outcome`, sum(`requests`), sum(`failures`), sum(`input_tokens`), sum(`output_tokens`), sum(`cache_read_tokens`), sum(`credits`), sum(`input_micro_usd`), sum(`output_micro_usd`), sum(`duration_ms`) FROM `claude_server_split_rollups` WHERE `kind` = 'all' GROUP BY `grain`, `start`, `outcome`;
--> statement-breakpoint
INSERT INTO `claude_server_request_rollups` (`grain`, `kind`, `start`, `subject`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms`)
SELECT 86400000, 'key+user', `at` - `at` % 86400000 AS `day`, concat(`key_id`, '+', `user_id`) AS `pair`, count(*), sum(`error_kind` IS NOT NULL), sum(`input_tokens`), sum(`output_tokens`), sum(coalesce(`cache_read_tokens`, 0)), sum(coalesce(`credits`, 0)), sum(coalesce(`input_micro_usd`, 0)), sum(coalesce(`output_micro_usd`, 0)), sum(`duration_ms`)
FROM `claude_server_requests` WHERE `seq` <= (SELECT `seq` FROM `claude_server_rollup_marks` WHERE `id` = 1) AND `key_id` IS NOT NULL AND `user_id` IS NOT NULL
GROUP BY `day`, `pair`;
--> statement-breakpoint
INSERT INTO `claude_server_request_rollups` (`grain`, `kind`, `start`, `subject`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms`)
SELECT 86400000, 'key+account', `at` - `at` % 86400000 AS `day`, concat(`key_id`, '+', `account_id`) AS `pair`, count(*), sum(`error_kind` IS NOT NULL), sum(`input_tokens`), sum(`output_tokens`), sum(coalesce(`cache_read_tokens`, 0)), sum(coalesce(`credits`, 0)), sum(coalesce(`input_micro_usd`, 0)), sum(coalesce(`output_micro_usd`, 0)), sum(`duration_ms`)
FROM `claude_server_requests` WHERE `seq` <= (SELECT `seq` FROM `claude_server_rollup_marks` WHERE `id` = 1) AND `key_id` IS NOT NULL AND `account_id` IS NOT NULL
GROUP BY `day`, `pair`;
--> statement-breakpoint
INSERT INTO `claude_server_request_rollups` (`grain`, `kind`, `start`, `subject`, `requests`, `failures`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `credits`, `input_micro_usd`, `output_micro_usd`, `duration_ms`)
SELECT 86400000, 'user+account', `at` - `at` % 86400000 AS `day`, concat(`user_id`, '+', `account_id`) AS `pair`, count(*), sum(`error_kind` IS NOT NULL), sum(`input_tokens`), sum(`output_tokens`), sum(coalesce(`cache_read_tokens`, 0)), sum(coalesce(`credits`, 0)), sum(coalesce(`input_micro_usd`, 0)), sum(coalesce(`output_micro_usd`, 0)), sum(`duration_ms`)
FROM `claude_server_requests` WHERE `seq` <= (SELECT `seq` FROM `claude_server_rollup_marks` WHERE `id` = 1) AND `user_id` IS NOT NULL AND `account_id` IS NOT NULL
GROUP BY `day`, `pair`;
