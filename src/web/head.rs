//! HEAD, wherever there is a GET: the same answer without its body.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    Error,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
    web::Bytes,
};

/// Lets a GET answer a HEAD.
pub(super) async fn answer(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let asks_for_head = request.method() == Method::HEAD;
    if asks_for_head {
        request.head_mut().method = Method::GET;
    }
    let response = next.call(request).await?;
    Ok(if asks_for_head {
        response.map_body(|_, body| BoxBody::new(Left { size: body.size() }))
    } else {
        response.map_into_boxed_body()
    })
}

/// What is left of a body: how long it would have been. An event stream, which has no end, ends so.
struct Left {
    size: BodySize,
}

impl MessageBody for Left {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(None)
    }
}
