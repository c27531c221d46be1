CREATE TABLE `key_hand_overs` (
	`key_id` text PRIMARY KEY,
	`hash` text NOT NULL UNIQUE,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`grace_ms` integer NOT NULL,
	`opened_at` integer,
	CONSTRAINT `fk_key_hand_overs_key_id_api_keys_id_fk` FOREIGN KEY (`key_id`) REFERENCES `api_keys`(`id`) ON DELETE CASCADE,
	CONSTRAINT "key_hand_overs_created_at" CHECK("created_at" >= 0),
	CONSTRAINT "key_hand_overs_hash" CHECK(length("hash") = 64)
);
--> statement-breakpoint
ALTER TABLE `api_keys` ADD `previous_hash` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `previous_until` integer;--> statement-breakpoint
CREATE INDEX `api_keys_by_previous_hash` ON `api_keys` (`previous_hash`);