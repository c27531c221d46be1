CREATE TABLE `claude_server_key_hand_overs` (
	`key_id` varchar(64) PRIMARY KEY,
	`hash` varchar(64) NOT NULL,
	`created_at` bigint NOT NULL,
	`expires_at` bigint NOT NULL,
	`grace_ms` bigint NOT NULL,
	`opened_at` bigint,
	CONSTRAINT `hash_unique` UNIQUE INDEX(`hash`),
	CONSTRAINT `claude_server_key_hand_overs_WXATtdssQ69v_fkey` FOREIGN KEY (`key_id`) REFERENCES `claude_server_api_keys`(`id`),
	CONSTRAINT `key_hand_overs_created_at` CHECK(`claude_server_key_hand_overs`.`created_at` >= 0),
	CONSTRAINT `key_hand_overs_hash` CHECK(length(`claude_server_key_hand_overs`.`hash`) = 64)
);
--> statement-breakpoint
ALTER TABLE `claude_server_api_keys` ADD `previous_hash` varchar(64);--> statement-breakpoint
ALTER TABLE `claude_server_api_keys` ADD `previous_until` bigint;--> statement-breakpoint
CREATE INDEX `api_keys_by_previous_hash` ON `claude_server_api_keys` (`previous_hash`);