/** Where data planes that belong to no Gateway run when nobody says where the controller does. */
export const usualNamespace = "sluice-system";
