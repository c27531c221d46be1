CREATE TABLE `model_mappings` (
	`id` text PRIMARY KEY,
	`name` text NOT NULL,
	`target` text NOT NULL,
	`key_id` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT `fk_model_mappings_key_id_api_keys_id_fk` FOREIGN KEY (`key_id`) REFERENCES `api_keys`(`id`) ON DELETE CASCADE,
	CONSTRAINT "model_mappings_id" CHECK(substr("id", 1, 4) = 'map_'),
	CONSTRAINT "model_mappings_names" CHECK(length("name") > 0 and length("target") > 0),
	CONSTRAINT "model_mappings_created_at" CHECK("created_at" >= 0)
);
--> statement-breakpoint
CREATE INDEX `model_mappings_by_key` ON `model_mappings` (`key_id`);