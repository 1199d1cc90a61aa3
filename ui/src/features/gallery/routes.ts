import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";

export const galleryRoutes: PageRoute[] = [{ path: routePatterns.gallery, page: () => import("./GalleryPage") }];
